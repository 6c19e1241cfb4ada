//! The bar to find and replace, between the tools and the grid.

use app::bulk::find::Search;
use leptos::{ev, html, prelude::*};

use super::desk::Desk;
use crate::{
    components::{
        Button, ButtonKind, ButtonSize, IconButton, IconName, Switch, TextInput, format_number,
    },
    effects::effect,
    text::count_of,
    typing::rested,
};

/// The bar. `asked` counts how often it was asked for; 0 closes it.
#[component]
pub fn FindBar(
    /// The page's state.
    desk: Desk,
    /// Times that it was asked for; 0 closes it.
    asked: RwSignal<u32>,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    effect(move || {
        asked.track();
        request_animation_frame(move || {
            if let Some(field) = field.try_get_untracked().flatten() {
                // It can only fail on an element that cannot take the focus.
                _ = field.focus();
                field.select();
            }
        });
    });
    let text = RwSignal::new(String::new());
    let with = RwSignal::new(String::new());
    let match_case = RwSignal::new(false);
    let whole_cell = RwSignal::new(false);
    let in_column = RwSignal::new(false);
    // What the last replacing did; said until something else is looked for.
    let done = RwSignal::new(String::new());
    let search = move || Search {
        text: text.get(),
        match_case: match_case.get(),
        whole_cell: whole_cell.get(),
        column: in_column
            .get()
            .then(|| desk.column_at(desk.place.read().active.column))
            .flatten()
            .map(|(id, _)| id),
    };
    // A long sheet is not searched at every letter.
    let typed = rested(text);
    let count = Memo::new(move |_| {
        typed.track();
        desk.facts.track();
        let search = Search {
            text: typed.get(),
            ..search()
        };
        desk.book().count_found(&search)
    });
    effect(move || {
        typed.track();
        search();
        done.set(String::new());
    });
    let said = move || {
        if !done.read().is_empty() {
            return done.get();
        }
        match count.get() {
            _ if typed.read().is_empty() => String::new(),
            0 => "Not found.".to_owned(),
            count => format!("Found in {}.", count_of(count as u64, "cell", "cells")),
        }
    };
    let go = move |backward: bool| {
        let from = desk.place.read_untracked().active;
        if let Some(place) = desk.book().find_next(&untrack(search), from, backward) {
            desk.grid.show(place);
        }
    };
    let replace = move || {
        desk.grid.commit();
        let at = desk.place.read_untracked().active;
        let with = with.get_untracked();
        if desk.book().replace_at(&untrack(search), at, &with) {
            desk.refresh();
        }
        go(false);
    };
    let replace_all = move || {
        desk.grid.commit();
        let cells = desk
            .book()
            .replace_all(&untrack(search), &with.get_untracked());
        desk.refresh();
        done.set(if cells == 0 {
            "Nothing was replaced.".to_owned()
        } else {
            format!(
                "Replaced in {} {}. Ctrl+Z takes it back.",
                format_number(cells as u64),
                if cells == 1 { "cell" } else { "cells" }
            )
        });
    };
    let close = move || {
        asked.set(0);
        desk.grid.focus();
    };
    let keys = move |event: ev::KeyboardEvent| {
        match event.key().as_str() {
            "Escape" => close(),
            "Enter" => go(event.shift_key()),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let small = move |words: &'static str, run: Callback<()>| {
        view! {
            <Button size=ButtonSize::Small on:click=move |_| run.run(())>
                {words}
            </Button>
        }
        .into_any()
    };
    view! {
        <div class="find" role="search" aria-label="Find and replace">
            <div class="find__fields" on:keydown=keys>
                <TextInput label="Find" value=text autocomplete="off" node_ref=field/>
                <TextInput label="Replace with" value=with autocomplete="off"/>
            </div>
            <div class="find__choices">
                <Switch checked=match_case>"Match case"</Switch>
                <Switch checked=whole_cell>"Whole cell"</Switch>
                <Switch checked=in_column>"In this column"</Switch>
            </div>
            <div class="find__buttons">
                {small("Previous", Callback::new(move |()| go(true)))}
                {small("Next", Callback::new(move |()| go(false)))}
                {small("Replace", Callback::new(move |()| replace()))}
                <Button
                    size=ButtonSize::Small
                    kind=ButtonKind::Primary
                    on:click=move |_| replace_all()
                >
                    "Replace all"
                </Button>
                <span class="find__said" role="status">
                    {said}
                </span>
                <IconButton
                    label="Close find and replace"
                    icon=IconName::Close
                    on:click=move |_| close()
                />
            </div>
        </div>
    }
}
