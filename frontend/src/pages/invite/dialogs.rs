//! The small dialogs of the grid: go to a row, rename a column, remove the list.

use app::bulk::operation::Operation;
use leptos::{ev, prelude::*, task::spawn_local};

use super::desk::Desk;
use crate::components::{
    Button, ButtonKind, ButtonType, Dialog, DialogSize, TextInput, format_number, grid::GridRequest,
};
use crate::{
    ask::{Ask, Question},
    effects::effect,
    text::count_of,
};

/// Asks for a row's number.
#[component]
pub fn GoToDialog(
    /// The page's state.
    desk: Desk,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let value = RwSignal::new(String::new());
    let error = RwSignal::new(None::<String>);
    effect(move || {
        if *desk.request.read() == Some(GridRequest::GoTo) {
            value.set(String::new());
            error.set(None);
            open.set(true);
        }
    });
    let go = move || {
        let rows = desk.facts.read_untracked().rows;
        let wanted: String = value
            .get_untracked()
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        match wanted.parse::<usize>() {
            Ok(number) if (1..=rows).contains(&number) => {
                open.set(false);
                desk.go_to(number);
            }
            _ => error.set(Some(format!(
                "Enter a number from 1 to {}.",
                format_number(rows as u64)
            ))),
        }
    };
    let words = Words {
        title: "Go to row",
        label: "Row number",
        submit: "Go",
    };
    let on_submit = Callback::new(move |()| go());
    question(desk, words, open, value, error, on_submit)
}

/// Asks for a column's new name.
#[component]
pub fn RenameDialog(
    /// The page's state.
    desk: Desk,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let value = RwSignal::new(String::new());
    let error = RwSignal::new(None::<String>);
    let column = StoredValue::new(None);
    effect(move || {
        if let Some(GridRequest::Rename(place)) = *desk.request.read()
            && let Some((id, name)) = desk.column_at(place)
        {
            column.set_value(Some(id));
            value.set(name);
            error.set(None);
            open.set(true);
        }
    });
    let rename = move || {
        let name = value.get_untracked().trim().to_owned();
        if name.is_empty() {
            error.set(Some("Enter a name.".to_owned()));
            return;
        }
        open.set(false);
        if let Some(id) = column.get_value() {
            desk.operate(Operation::RenameColumn { id, name });
        }
    };
    let words = Words {
        title: "Rename column",
        label: "Column name",
        submit: "Rename",
    };
    let on_submit = Callback::new(move |()| rename());
    question(desk, words, open, value, error, on_submit)
}

/// What stands in a dialog with one field.
struct Words {
    title: &'static str,
    label: &'static str,
    submit: &'static str,
}

/// A dialog with one field. When it closes, the request that opened it is done.
fn question(
    desk: Desk,
    words: Words,
    open: RwSignal<bool>,
    value: RwSignal<String>,
    error: RwSignal<Option<String>>,
    on_submit: Callback<()>,
) -> AnyView {
    let on_close = Callback::new(move |()| {
        desk.request.set(None);
        desk.grid.focus();
    });
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        on_submit.run(());
    };
    view! {
        <Dialog open title=words.title size=DialogSize::Small on_close>
            <form class="dialog__form" novalidate=true on:submit=submit>
                <TextInput label=words.label value error autocomplete="off"/>
                <Button kind=ButtonKind::Primary button_type=ButtonType::Submit>
                    {words.submit}
                </Button>
            </form>
        </Dialog>
    }
    .into_any()
}

/// Removes the list at once if nothing would be lost, else after a question.
pub fn ask_to_close(desk: Desk, ask: Ask) {
    desk.grid.commit();
    let book = desk.book();
    if !book.is_dirty() {
        desk.close();
        return;
    }
    let submitted = book.document().submitted.len() as u64;
    let question = Question {
        title: "Remove this list?",
        yes: "Remove",
        sentence: removal(submitted),
    };
    spawn_local(async move {
        if ask.ask(question).await && desk.is_there() && !desk.is_busy() {
            desk.close();
        }
    });
}

/// What is lost with a list, of which so many rows were submitted.
fn removal(submitted: u64) -> String {
    let words = "The rows that stand here, and what you changed in them, are lost.";
    if submitted == 0 {
        return format!("{words} Nothing of this list was submitted.");
    }
    let rows = count_of(submitted, "row was", "rows were");
    format!("{words} {rows} submitted before: their invitations stay.")
}

#[cfg(test)]
mod tests {
    use super::removal;

    #[test]
    fn what_was_submitted_is_said() {
        assert!(removal(0).ends_with("Nothing of this list was submitted."));
        assert!(removal(1).contains("1 row was submitted before"));
        assert!(removal(1_200).contains("1,200 rows were submitted before"));
    }
}
