//! The small dialogs of the grid: go to a row, rename a column, remove the list.

use app::bulk::operation::Operation;
use leptos::{ev, prelude::*};

use super::desk::Desk;
use crate::components::{
    Button, ButtonKind, ButtonType, Dialog, DialogSize, TextInput, format_number, grid::GridRequest,
};
use crate::effects::effect;

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
        if desk.request.get() == Some(GridRequest::GoTo) {
            value.set(String::new());
            error.set(None);
            open.set(true);
        }
    });
    let on_close = Callback::new(move |()| desk.request.set(None));
    let go = move |event: ev::SubmitEvent| {
        event.prevent_default();
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
    view! {
        <Dialog open title="Go to row" size=DialogSize::Small on_close>
            <form class="dialog__form" novalidate=true on:submit=go>
                <TextInput label="Row number" value error input_type="text" autocomplete="off"/>
                <Button kind=ButtonKind::Primary button_type=ButtonType::Submit>
                    "Go"
                </Button>
            </form>
        </Dialog>
    }
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
        if let Some(GridRequest::Rename(place)) = desk.request.get()
            && let Some((id, name)) = desk.column(place)
        {
            column.set_value(Some(id));
            value.set(name);
            error.set(None);
            open.set(true);
        }
    });
    let on_close = Callback::new(move |()| desk.request.set(None));
    let rename = move |event: ev::SubmitEvent| {
        event.prevent_default();
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
    view! {
        <Dialog open title="Rename column" size=DialogSize::Small on_close>
            <form class="dialog__form" novalidate=true on:submit=rename>
                <TextInput label="Column name" value error autocomplete="off"/>
                <Button kind=ButtonKind::Primary button_type=ButtonType::Submit>
                    "Rename"
                </Button>
            </form>
        </Dialog>
    }
}

/// Removes the list at once if nothing would be lost, else after the browser asked.
pub fn ask_to_close(desk: Desk) {
    desk.grid.commit();
    let lost = desk.book().is_dirty();
    let sure = !lost
        || window()
            .confirm_with_message(
                "Remove this list? What you changed in it is lost. Nothing was submitted.",
            )
            .unwrap_or(true);
    if sure {
        desk.close();
    }
}
