//! **Map columns**: what each column is taken for, why, and what can be done with it.

use app::bulk::{
    mapping::{ColumnUse, Field},
    operation::{ColumnId, Operation},
};
use leptos::{ev, prelude::*, web_sys};
use wasm_bindgen::JsCast;

use super::desk::Desk;
use crate::components::{
    Button, ButtonKind, Dialog, DialogSize, IconButton, IconName, Select, SelectOption,
    grid::GridRequest,
};
use crate::effects::effect;
use crate::keyed::keyed;
use crate::when::when;

/// Characters of a sample that are shown.
const SAMPLE: usize = 48;

/// The columns, in order.
fn columns(desk: Desk) -> Vec<ColumnId> {
    let book = desk.book();
    let document = book.document();
    document
        .sheet
        .columns()
        .iter()
        .map(|column| column.id)
        .collect()
}

/// The first text of a column, to know it by.
fn sample(desk: Desk, id: ColumnId) -> String {
    let book = desk.book();
    let sheet = &book.document().sheet;
    sheet
        .row_ids()
        .iter()
        .take(20)
        .map(|row| sheet.cell(*row, id))
        .find(|text| !text.trim().is_empty())
        .map(|text| text.chars().take(SAMPLE).collect())
        .unwrap_or_default()
}

fn value_of(used: ColumnUse) -> &'static str {
    match used {
        ColumnUse::Field(field) => field.name(),
        ColumnUse::Metadata => "+metadata",
        ColumnUse::Dropped => "+dropped",
    }
}

fn use_of(value: &str) -> Option<ColumnUse> {
    match value {
        "+metadata" => Some(ColumnUse::Metadata),
        "+dropped" => Some(ColumnUse::Dropped),
        name => Field::parse(name).map(ColumnUse::Field),
    }
}

fn options() -> Vec<SelectOption> {
    Field::ALL
        .into_iter()
        .map(|field| SelectOption::new(field.name(), field.label()))
        .chain([
            SelectOption::new("+metadata", "Keep as metadata"),
            SelectOption::new("+dropped", "Do not submit"),
        ])
        .collect()
}

/// The dialog.
#[component]
pub fn MapColumns(
    /// The page's state.
    desk: Desk,
) -> impl IntoView {
    let shown = move || {
        desk.facts.track();
        if desk.mapping.get() {
            columns(desk)
        } else {
            Vec::new()
        }
    };
    let footer = move || {
        let options = move || {
            let press = move |_| {
                desk.mapping.set(false);
                desk.options.set(true);
            };
            view! { <Button on:click=press>"Reading options"</Button> }.into_any()
        };
        view! {
            {when(move || desk.can_read_again(), options)}
            <Button kind=ButtonKind::Primary on:click=move |_| desk.mapping.set(false)>
                "Done"
            </Button>
        }
    };
    let on_close = Callback::new(move |()| desk.grid.focus());
    view! {
        <Dialog open=desk.mapping title="Map columns" size=DialogSize::Large footer on_close>
            <p class="muted">
                "Each column fills a field, is kept with the invitation under its own name, or is left out. Every change here can be undone."
            </p>
            <div class="mapping">
                {keyed(
                    shown,
                    |id| id.0.to_string(),
                    move |id| view! { <MapLine desk id/> }.into_any(),
                )}
            </div>
        </Dialog>
    }
}

#[component]
fn MapLine(desk: Desk, id: ColumnId) -> impl IntoView {
    // What a line says follows the sheet; the line itself stays, and the focus on it.
    let name = move || {
        desk.facts.track();
        desk.column(id, |column| column.name.clone())
            .unwrap_or_default()
    };
    let place = move || {
        desk.facts.track();
        columns(desk).iter().position(|one| *one == id)
    };
    let used_as = move || {
        desk.column(id, |column| value_of(column.used))
            .unwrap_or("")
    };
    let value = RwSignal::new(used_as().to_owned());
    // The sheet is the source; what is chosen goes there, and an undo comes back.
    effect(move || {
        desk.facts.track();
        let now = used_as();
        if !now.is_empty() && value.read_untracked().as_str() != now {
            value.set(now.to_owned());
        }
    });
    effect(move || {
        let wanted = value.get();
        let now = used_as();
        if !now.is_empty()
            && now != wanted
            && let Some(used) = use_of(&wanted)
        {
            desk.operate(Operation::map_column(id, used));
        }
    });
    let reason = move || {
        desk.facts.track();
        desk.column(id, |column| column.reason.text())
    };
    let words = move |before: &'static str, after: &'static str| {
        Signal::derive(move || format!("{before}{}{after}", name()))
    };
    let step = move |event: ev::MouseEvent, by: isize| {
        let target = untrack(place).and_then(|place| place.checked_add_signed(by));
        if let Some(to) = target {
            desk.operate(Operation::MoveColumn { id, to: to as u32 });
            focus_again(&event);
        }
    };
    let wanted = desk.mapped.get_value() == Some(id);
    view! {
        <div class="mapping__row" data-first=wanted.then_some("true")>
            <div>
                <div class="file__name" dir="auto">
                    {name}
                </div>
                <div class="mapping__sample" dir="auto">
                    {move || {
                        desk.facts.track();
                        sample(desk, id)
                    }}
                </div>
                <div>
                    <IconButton
                        label=words("Move ", " left")
                        icon=IconName::ArrowUp
                        disabled=Signal::derive(move || place() == Some(0))
                        on:click=move |event| step(event, -1)
                    />
                    <IconButton
                        label=words("Move ", " right")
                        icon=IconName::ArrowDown
                        disabled=Signal::derive(move || {
                            place().is_none_or(|place| place + 1 == desk.facts.read().columns)
                        })
                        on:click=move |event| step(event, 1)
                    />
                    <IconButton
                        label=words("Rename ", "")
                        icon=IconName::Edit
                        on:click=move |_| {
                            desk.mapping.set(false);
                            desk.request.set(untrack(place).map(GridRequest::Rename));
                        }
                    />
                    <IconButton
                        label=words("Delete column ", "")
                        icon=IconName::Trash
                        on:click=move |_| desk.operate(Operation::DeleteColumn { id })
                    />
                </div>
            </div>
            <crate::components::Icon name=IconName::ArrowRight/>
            <div>
                <Select label=words("Column ", " is") value options=options()/>
                <div class="mapping__reason">{move || reason()}</div>
            </div>
        </div>
    }
}

/// A line that moves in the page loses the focus: its button takes it again, or the one
/// beside it where it has come to an end.
fn focus_again(event: &ev::MouseEvent) {
    let Some(button) = event
        .current_target()
        .and_then(|target| target.dyn_into::<web_sys::HtmlElement>().ok())
    else {
        return;
    };
    request_animation_frame(move || {
        let beside = button
            .previous_element_sibling()
            .or_else(|| button.next_element_sibling())
            .and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
        let here = (!button.has_attribute("disabled")).then_some(button);
        if let Some(target) = here.or(beside) {
            // It can only fail on an element that is gone.
            _ = target.focus();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_use_reads_back() {
        for used in Field::ALL
            .into_iter()
            .map(ColumnUse::Field)
            .chain([ColumnUse::Metadata, ColumnUse::Dropped])
        {
            assert_eq!(use_of(value_of(used)), Some(used));
        }
        assert_eq!(use_of("x"), None);
        assert_eq!(options().len(), Field::COUNT + 2);
    }
}
