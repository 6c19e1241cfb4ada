//! The way into what the grid's page needs after its first rows.

use app::{
    bulk::{operation::Operation, problem::Problem},
    domain::id::UserId,
};
use leptos::prelude::*;

use crate::pages::invite::{
    CureWords, Desk, Document, cures, dialogs, find, fixes,
    journal::restore::restore as from_journal,
    mapping, options, outcome, remote,
    submit::{Order, run},
};
use crate::{
    components::grid::{ColumnAction, ColumnMenu, OpenMenu},
    shared::Shared,
};

/// Runs a submit.
#[inline(never)]
pub fn submit(desk: Desk, order: Order) {
    run::run(desk, order);
}

/// Asks the server about the list.
#[inline(never)]
pub fn ask_server(desk: Desk) {
    remote::ask::begin(desk);
}

/// Builds a list again that a lost page left behind.
#[inline(never)]
pub fn restore(desk: Desk, user: UserId) {
    from_journal(desk, user);
}

/// What became of the last submit.
#[inline(never)]
pub fn outcome(desk: Desk) -> AnyView {
    view! { <outcome::Outcome desk/> }.into_any()
}

/// The bar to find and replace.
#[inline(never)]
pub fn find_bar(desk: Desk, asked: RwSignal<u32>) -> AnyView {
    view! { <find::FindBar desk asked/> }.into_any()
}

/// What the buttons against a problem say.
#[inline(never)]
pub fn cure_words(document: &Document, problem: &Problem, curable: Option<usize>) -> CureWords {
    cures::words(document, problem, curable)
}

/// The step that cures a problem, or all of its kind.
#[inline(never)]
pub fn cure_step(document: &Document, problem: &Problem, all: bool) -> Option<Operation> {
    cures::step(document, problem, all)
}

/// The menu of a column.
#[inline(never)]
pub fn column_menu(
    menu: Shared<Option<OpenMenu>>,
    on_action: UnsyncCallback<(usize, ColumnAction)>,
    on_close: UnsyncCallback<()>,
) -> AnyView {
    view! { <ColumnMenu menu on_action on_close/> }.into_any()
}

/// The dialogs of the grid.
#[inline(never)]
pub fn grid_dialogs(desk: Desk) -> AnyView {
    view! {
        <dialogs::GoToDialog desk/>
        <dialogs::RenameDialog desk/>
        <mapping::MapColumns desk/>
        <options::ReadingOptions desk/>
        <fixes::FixProblems desk/>
    }
    .into_any()
}
