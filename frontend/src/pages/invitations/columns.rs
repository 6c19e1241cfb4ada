//! Which columns the table shows: chosen by the reader, kept in the address.

use leptos::prelude::*;

use super::filters::Filters;
use crate::{
    components::{Button, ButtonSize, IconName},
    when::when,
};

/// A column that can be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Tenant,
    To,
    Mail,
    By,
    Created,
    Expires,
}

impl Column {
    const ALL: [(Self, &str, &str); 6] = [
        (Self::Tenant, "tenant", "Tenant"),
        (Self::To, "to", "Invited to"),
        (Self::Mail, "mail", "Mail"),
        (Self::By, "by", "Invited by"),
        (Self::Created, "created", "Created"),
        (Self::Expires, "expires", "Expires"),
    ];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Some columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns(u8);

impl Columns {
    /// Whether a column is among them.
    pub const fn has(self, column: Column) -> bool {
        self.0 & column.bit() != 0
    }

    const fn with(self, column: Column, on: bool) -> Self {
        Self(if on {
            self.0 | column.bit()
        } else {
            self.0 & !column.bit()
        })
    }

    /// Reads them from an address; what cannot be read is not there.
    pub fn read(words: &str) -> Self {
        let all = Column::ALL.into_iter();
        all.filter(|(_, word, _)| words.split('.').any(|one| one == *word))
            .fold(Self::default(), |some, (column, ..)| {
                some.with(column, true)
            })
    }

    /// Writes them; empty for none.
    pub fn word(self) -> String {
        Column::ALL
            .into_iter()
            .filter(|(column, ..)| self.has(*column))
            .map(|(_, word, _)| word)
            .collect::<Vec<_>>()
            .join(".")
    }
}

/// Which columns a table shows. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Shown {
    /// True over all tenants: each line names its own.
    pub all: bool,
    filters: Filters,
}

impl Shown {
    /// As the address says.
    pub const fn new(filters: Filters) -> Self {
        Self {
            all: filters.app.is_some(),
            filters,
        }
    }

    /// Whether a column is hidden; tracked.
    pub fn hides(self, column: Column) -> bool {
        self.filters.now.read().hidden.has(column)
    }
}

/// The button, and the boxes that it unfolds.
#[component]
pub fn ColumnChoice(
    /// What it shows and sets.
    filters: Filters,
) -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <Button
            size=ButtonSize::Small
            icon=IconName::Columns
            attr:aria-expanded=move || open.get().to_string()
            on:click=move |_| open.update(|open| *open = !*open)
        >
            "Columns"
        </Button>
        {when(move || open.get(), move || boxes(filters))}
    }
}

fn boxes(filters: Filters) -> AnyView {
    let over_all = Shown::new(filters).all;
    let boxes = Column::ALL
        .into_iter()
        .filter(|(column, ..)| over_all || *column != Column::Tenant)
        .map(|(column, word, label)| {
            let id = format!("column-{word}");
            view! {
                <div class="check">
                    <input
                        class="tick"
                        id=id.clone()
                        type="checkbox"
                        prop:checked=move || !filters.now.read().hidden.has(column)
                        on:change:target=move |event| {
                            let on = event.target().checked();
                            filters.change(|filter| filter.hidden = filter.hidden.with(column, !on));
                        }
                    />
                    <label class="check__label" for=id>
                        {label}
                    </label>
                </div>
            }.into_any()
        })
        .collect_view();
    view! {
        <div class="filters__more" role="group" aria-label="Columns">
            {boxes}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::{Column, Columns};

    #[test]
    fn columns_read_back() {
        let some = Columns::read("mail.by.nonsense");
        assert!(some.has(Column::Mail) && some.has(Column::By) && !some.has(Column::To));
        assert_eq!(some.word(), "mail.by");
        assert_eq!(Columns::default().word(), "");
    }
}
