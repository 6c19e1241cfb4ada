//! **Suggested fixes**: each kind of problem with how often it occurs, what its cure would
//! change, and the button that does it as one step.

use app::bulk::{
    cure::Way,
    operation::Operation,
    preview::{Line, Preview, preview},
    problem::ProblemCode,
};
use leptos::{prelude::*, web_sys};
use wasm_bindgen::JsCast;

use super::{book::Filter, desk::Desk};
use crate::{
    components::{
        Button, ButtonKind, ButtonSize, Dialog, DialogSize, Select, SelectOption, format_number,
        grid::{GridEdit, Place},
    },
    effects::effect,
    keyed::keyed,
    text::count_of,
    when::when,
};

/// Lines of each kind that are shown before they are changed.
const LINES: usize = 4;

/// The ways to cure a kind, with the words of a list; one alone is not asked for.
fn ways(code: ProblemCode) -> Vec<(Way, &'static str, &'static str)> {
    match code {
        ProblemCode::DuplicateInFile => vec![
            (Way::Usual, "first", "Keep the first row"),
            (Way::KeepLast, "last", "Keep the last row"),
        ],
        ProblemCode::ExpiresInvalid => vec![
            (Way::Usual, "clear", "Only dates that are clear"),
            (Way::DayFirst, "day", "3/4 is the 3rd of April"),
            (Way::MonthFirst, "month", "3/4 is the 4th of March"),
        ],
        _ => Vec::new(),
    }
}

/// What curing a kind would do now.
#[derive(Clone, Default, PartialEq)]
struct Plan {
    count: usize,
    preview: Preview,
}

fn operation(desk: Desk, code: ProblemCode, way: Way) -> Option<Operation> {
    let book = desk.book();
    let document = book.document();
    document.checker.cure_all(&document.sheet, code, way)
}

fn plan(desk: Desk, code: ProblemCode, way: Way) -> Plan {
    let operation = operation(desk, code, way);
    let book = desk.book();
    let document = book.document();
    Plan {
        count: document.checker.count(code),
        preview: operation
            .map(|operation| preview(&document.sheet, &operation, LINES))
            .unwrap_or_default(),
    }
}

/// What a cure changes, in words.
fn changes(preview: &Preview) -> String {
    let cells = count_of(preview.cells as u64, "cell", "cells");
    let rows = count_of(preview.rows as u64, "row", "rows");
    match (preview.cells, preview.rows) {
        (0, 0) => "These are corrected by hand.".to_owned(),
        (_, 0) => format!("{cells} would change:"),
        (0, _) => format!("{rows} would be deleted:"),
        _ => format!("{cells} would change and {rows} be deleted:"),
    }
}

/// What a cure changed, in words.
fn done(preview: &Preview) -> String {
    let cells = count_of(preview.cells as u64, "cell", "cells");
    let rows = count_of(preview.rows as u64, "row", "rows");
    match (preview.cells, preview.rows) {
        (_, 0) => format!("{cells} changed."),
        (0, _) => format!("{rows} deleted."),
        _ => format!("{cells} changed, {rows} deleted."),
    }
}

/// The dialog.
#[component]
pub fn FixProblems(
    /// The page's state.
    desk: Desk,
) -> impl IntoView {
    let said = RwSignal::new(String::new());
    effect(move || {
        if desk.fixing.get() {
            said.set(String::new());
        }
    });
    let kinds = move || {
        if !desk.fixing.get() {
            return Vec::new();
        }
        let facts = desk.facts.read();
        facts.kinds.iter().map(|(code, _)| *code).collect()
    };
    let none = move || desk.facts.read().kinds.is_empty();
    let footer = move || {
        view! {
            <Button
                disabled=Signal::derive(move || !desk.facts.read().can_undo)
                on:click=move |_| {
                    desk.edit(GridEdit::Undo);
                    said.set("The last step was taken back.".to_owned());
                }
            >
                "Undo"
            </Button>
            <Button kind=ButtonKind::Primary on:click=move |_| desk.fixing.set(false)>
                "Done"
            </Button>
        }
    };
    let on_close = Callback::new(move |()| desk.grid.focus());
    view! {
        <Dialog open=desk.fixing title="Suggested fixes" size=DialogSize::Large footer on_close>
            <p class="muted">
                "Each kind is corrected in one step, which Undo takes back. Nothing changes before you press its button."
            </p>
            <p role="status">{move || said.get()}</p>
            {when(none, || view! { <p>"There are no problems."</p> }.into_any())}
            {keyed(
                kinds,
                |code| code.code().to_owned(),
                move |code| view! { <Kind desk code said/> }.into_any(),
            )}
        </Dialog>
    }
}

#[component]
fn Kind(desk: Desk, code: ProblemCode, said: RwSignal<String>) -> impl IntoView {
    let choices = ways(code);
    let value = RwSignal::new(
        choices
            .first()
            .map(|(_, value, _)| (*value).to_owned())
            .unwrap_or_default(),
    );
    let way = move || {
        let value = value.get();
        ways(code)
            .into_iter()
            .find(|(_, name, _)| *name == value)
            .map_or(Way::Usual, |(way, ..)| way)
    };
    let plan = crate::shared::Derived::new(move || {
        desk.facts.track();
        plan(desk, code, way())
    });
    let fix = move |_| {
        let Some(operation) = operation(desk, code, untrack(way)) else {
            return;
        };
        let words = done(&untrack(|| plan.read()).preview);
        desk.operate(operation);
        said.set(format!("{}: {words}", code.title()));
        focus_next();
    };
    let show = move |_| {
        desk.fixing.set(false);
        desk.filter(Some(Filter::Kind(code)));
        desk.grid.jump(Place::default());
        desk.grid.first_problem();
    };
    let id = format!("fix-{}", code.code());
    let labelled_by = id.clone();
    let fix_button = move || {
        let label = move || {
            let preview = &plan.read().preview;
            let amount = if preview.cells == 0 {
                preview.rows
            } else {
                preview.cells
            };
            format!("Fix {}", format_number(amount as u64))
        };
        view! {
            <Button
                size=ButtonSize::Small
                kind=ButtonKind::Primary
                attr:autofocus=true
                attr:aria-label=move || format!("{}: {}", label(), code.title())
                disabled=Signal::derive(move || desk.submitting.read().is_some())
                on:click=fix
            >
                {label}
            </Button>
        }
        .into_any()
    };
    let has_cure = move || {
        let preview = &plan.read().preview;
        preview.cells + preview.rows > 0
    };
    let select = (!choices.is_empty()).then(|| {
        let options = choices
            .iter()
            .map(|(_, value, words)| SelectOption::new(*value, *words))
            .collect::<Vec<_>>();
        view! { <Select label="How" value options/> }
    });
    let lines = move || {
        let plan = plan.read();
        let more =
            (plan.preview.cells + plan.preview.rows).saturating_sub(plan.preview.lines.len());
        let rows: Vec<_> = plan.preview.lines.iter().map(drawn).collect();
        (!rows.is_empty()).then(|| {
            view! {
                <div class="table-frame" tabindex="0" role="region" aria-label=code.title()>
                    <table class="table">
                        <tbody>{rows}</tbody>
                    </table>
                </div>
                {(more > 0).then(|| format!("And {} more.", format_number(more as u64)))}
            }
            .into_any()
        })
    };
    view! {
        <section class="fix" aria-labelledby=labelled_by>
            <h3 id=id>
                {code.title()} " "
                <span class="muted num">
                    {move || format_number(plan.read().count as u64)}
                </span>
            </h3>
            <div class="fix__tools">
                {select}
                <Button
                    size=ButtonSize::Small
                    attr:aria-label=format!("Show: {}", code.title())
                    on:click=show
                >
                    "Show"
                </Button>
                {when(has_cure, fix_button)}
            </div>
            <div class="muted">{move || changes(&plan.read().preview)}</div>
            {move || lines()}
        </section>
    }
}

fn drawn(line: &Line) -> AnyView {
    let after = match &line.after {
        Some(after) => view! { <td dir="auto">{after.clone()}</td> }.into_any(),
        None => view! { <td class="muted">"deleted"</td> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row" class="cell--tight">
                {format!("Row {}", format_number(line.row as u64))}
            </th>
            <td class="cell--tight muted" dir="auto">
                {line.column.clone()}
            </td>
            <td dir="auto">
                <del>{line.before.clone()}</del>
            </td>
            {after}
        </tr>
    }
    .into_any()
}

/// A button that goes loses the focus: the first of what is left takes it.
fn focus_next() {
    request_animation_frame(|| {
        const LEFT: &str =
            "dialog[open] .fix__tools .btn--primary, dialog[open] .dialog__foot .btn--primary";
        let next = document()
            .query_selector(LEFT)
            .ok()
            .flatten()
            .and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
        if let Some(next) = next {
            // It can only fail on an element that is gone.
            _ = next.focus();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_said() {
        let of = |cells, rows| {
            changes(&Preview {
                lines: Vec::new(),
                cells,
                rows,
            })
        };
        assert_eq!(of(0, 0), "These are corrected by hand.");
        assert_eq!(of(1, 0), "1 cell would change:");
        assert_eq!(of(0, 2), "2 rows would be deleted:");
        assert_eq!(of(1, 2), "1 cell would change and 2 rows be deleted:");
        let both = Preview {
            cells: 1,
            rows: 2,
            ..Preview::default()
        };
        assert_eq!(done(&both), "1 cell changed, 2 rows deleted.");
    }
}
