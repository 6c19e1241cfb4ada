//! **Map columns**: what each column is taken for, why, and what can be done with it.

use app::bulk::{
    mapping::{ColumnUse, Field},
    operation::{ColumnId, Operation},
};
use leptos::prelude::*;

use super::desk::Desk;
use crate::components::{
    Button, ButtonKind, Dialog, DialogSize, IconButton, IconName, Select, SelectOption,
    grid::GridRequest,
};
use crate::effects::effect;
use crate::keyed::keyed;

/// Characters of a sample that are shown.
const SAMPLE: usize = 48;

struct Line {
    id: ColumnId,
    place: usize,
    last: bool,
    name: String,
    sample: String,
}

fn lines(desk: Desk) -> Vec<Line> {
    let book = desk.book();
    let document = book.document();
    let sheet = &document.sheet;
    let count = sheet.columns().len();
    sheet
        .columns()
        .iter()
        .enumerate()
        .map(|(place, column)| Line {
            id: column.id,
            place,
            last: place + 1 == count,
            name: column.name.clone(),
            sample: sheet
                .row_ids()
                .iter()
                .take(20)
                .map(|row| sheet.cell_of(*row, column))
                .find(|text| !text.trim().is_empty())
                .map(|text| text.chars().take(SAMPLE).collect())
                .unwrap_or_default(),
        })
        .collect()
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
            lines(desk)
        } else {
            Vec::new()
        }
    };
    let footer = move || {
        view! {
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
                    |line| {
                        let Line { id, place, last, name, sample, .. } = line;
                        format!("{} {place} {last} {name}\n{sample}", id.0)
                    },
                    move |line| view! { <MapLine desk line/> }.into_any(),
                )}
            </div>
        </Dialog>
    }
}

#[component]
fn MapLine(desk: Desk, line: Line) -> impl IntoView {
    let Line {
        id,
        place,
        last,
        name,
        sample,
    } = line;
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
    let label = format!("Column {name} is");
    let up = format!("Move {name} left");
    let down = format!("Move {name} right");
    let rename = format!("Rename {name}");
    let delete = format!("Delete column {name}");
    let move_to = move |to: usize| {
        desk.operate(Operation::MoveColumn { id, to: to as u32 });
    };
    view! {
        <div class="mapping__row">
            <div>
                <div class="file__name" dir="auto">
                    {name}
                </div>
                <div class="mapping__sample" dir="auto">
                    {sample}
                </div>
                <div>
                    <IconButton
                        label=up
                        icon=IconName::ArrowUp
                        disabled=Signal::stored(place == 0)
                        on:click=move |_| move_to(place.saturating_sub(1))
                    />
                    <IconButton
                        label=down
                        icon=IconName::ArrowDown
                        disabled=Signal::stored(last)
                        on:click=move |_| move_to(place + 1)
                    />
                    <IconButton
                        label=rename
                        icon=IconName::Edit
                        on:click=move |_| {
                            desk.mapping.set(false);
                            desk.request.set(Some(GridRequest::Rename(place)));
                        }
                    />
                    <IconButton
                        label=delete
                        icon=IconName::Trash
                        on:click=move |_| desk.operate(Operation::DeleteColumn { id })
                    />
                </div>
            </div>
            <crate::components::Icon name=IconName::ArrowRight/>
            <div>
                <Select label value options=options()/>
                <div class="mapping__reason">{move || reason()}</div>
            </div>
        </div>
    }
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
