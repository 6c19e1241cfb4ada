//! Asks for the new last day of one invitation, or of many.

use std::{pin::Pin, sync::Arc};

use app::{
    bulk::date::{a_year_later, parse_iso, to_iso},
    domain::time::CivilDate,
};
use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    components::{Button, ButtonKind, ButtonType, Dialog, DialogSize, TextInput},
    shared::Shared,
    tenant::use_tenant,
};

/// Extends to a day; gives why it was refused.
pub type Extend =
    Arc<dyn Fn(CivilDate) -> Pin<Box<dyn Future<Output = Option<String>>>> + Send + Sync>;

/// Where it is asked for. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Extending {
    open: RwSignal<bool>,
    what: Shared<Option<(String, Extend)>>,
}

impl Extending {
    /// Nothing is asked for yet.
    pub fn new() -> Self {
        Self {
            open: RwSignal::new(false),
            what: Shared::new(None),
        }
    }

    /// Opens the dialog.
    pub fn ask(self, title: String, extend: Extend) {
        self.what.set(Some((title, extend)));
        self.open.set(true);
    }
}

/// The day so many days after another.
fn later(day: CivilDate, days: u16) -> Option<CivilDate> {
    let start = js_sys::Date::new_with_year_month_day(
        u32::try_from(day.year).ok()?,
        i32::from(day.month) - 1,
        i32::from(day.day) + i32::from(days),
    );
    parse_iso(&format!(
        "{:04}-{:02}-{:02}",
        start.get_full_year(),
        start.get_month() + 1,
        start.get_date()
    ))
}

/// The dialog. Its content is made anew each time it opens.
#[component]
pub fn ExtendDialog(
    /// Where it is asked for.
    extending: Extending,
) -> impl IntoView {
    let overview = use_tenant().overview;
    let title = Signal::derive(move || {
        let what = extending.what.read();
        (*what)
            .as_ref()
            .map(|(title, _)| title.clone())
            .unwrap_or_default()
    });
    view! {
        <Dialog open=extending.open title size=DialogSize::Small>
            {move || {
                let overview = untrack(|| overview.ready());
                let today = overview.as_ref().map(|overview| overview.today);
                let start = overview
                    .as_ref()
                    .and_then(|overview| later(overview.today, overview.default_expiry_days));
                let zone = overview.map(|overview| overview.time_zone).unwrap_or_default();
                form(extending, today, start, &zone)
            }}
        </Dialog>
    }
}

fn form(
    extending: Extending,
    today: Option<CivilDate>,
    start: Option<CivilDate>,
    zone: &str,
) -> AnyView {
    let value = RwSignal::new(start.map(to_iso).unwrap_or_default());
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let last = today.map(a_year_later);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let Some(day) = parse_iso(&value.get_untracked()) else {
            error.set(Some("Choose a day.".to_owned()));
            return;
        };
        let what = extending.what.read_untracked();
        let Some((_, extend)) = &*what else { return };
        let doing = extend(day);
        busy.set(true);
        spawn_local(async move {
            let refused = doing.await;
            busy.try_set(false);
            if refused.is_none() {
                extending.open.try_set(false);
            }
            error.try_set(refused);
        });
    };
    let hint = match last {
        Some(last) => format!(
            "At the end of that day in {zone}. At most until {}.",
            to_iso(last)
        ),
        None => "At the end of that day by the tenant’s clocks. At most a year ahead.".to_owned(),
    };
    view! {
        <form class="stack" novalidate=true on:submit=submit>
            <p>
                "The links that were sent go on working until then. An end is only moved to a later day."
            </p>
            <TextInput label="Last day" value input_type="date" hint=Some(hint) error/>
            <div class="cluster cluster--end">
                <Button on:click=move |_| extending.open.set(false)>"Cancel"</Button>
                <Button kind=ButtonKind::Primary button_type=ButtonType::Submit busy>
                    "Extend"
                </Button>
            </div>
        </form>
    }
    .into_any()
}
