//! `/t/:slug/management/settings`: what the tenant's admins decide.

use app::api::tenants::{ChangeSettings, TenantChangeSettings, TenantSettings, TenantSettingsFn};
use js_sys::{Array, Function, Reflect};
use leptos::{ev, prelude::*, task::spawn_local, wasm_bindgen::JsValue};
use wasm_bindgen::JsCast as _;

use crate::{
    components::{Button, ButtonKind, ButtonType, Card, PageHead, Switch, TextInput, use_toasts},
    page::use_title,
    pages::{seats::SeatsCard, sign_in::alert},
    query::{Loaded, Query},
    session::use_session,
    tenant::use_tenant,
    text::{failure, field_error},
};

const ZONES: &str = "time-zones";

/// The settings of a tenant.
#[component]
pub fn TenantSettingsPage() -> impl IntoView {
    let tenant = use_tenant();
    let slug = tenant.slug.clone();
    let settings = Query::new(use_session(), move || {
        Some(TenantSettingsFn {
            tenant: slug.clone(),
        })
    });
    use_title(move || format!("Tenant settings · {}", tenant.name()));
    view! {
        <PageHead title="Tenant settings">
            "They hold for everybody who invites here, from now on."
        </PageHead>
        <div class="narrow stack">
            <Loaded query=settings what="The settings" children=form/>
            <SeatsCard/>
        </div>
    }
}

/// `3, 7`.
fn in_words(days: &[u16]) -> String {
    let days: Vec<String> = days.iter().map(u16::to_string).collect();
    days.join(", ")
}

/// Reads that; `None` where something is no number.
fn days_of(text: &str) -> Option<Vec<u16>> {
    text.split([',', ' ', ';'])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect()
}

/// The zones that the browser knows.
fn zones() -> Vec<String> {
    let intl = Reflect::get(&js_sys::global(), &JsValue::from_str("Intl"));
    let names = intl.and_then(|intl| {
        let list: Function =
            Reflect::get(&intl, &JsValue::from_str("supportedValuesOf"))?.dyn_into()?;
        list.call1(&intl, &JsValue::from_str("timeZone"))
    });
    // An older browser offers none; any name can be typed.
    names.map_or_else(
        |_| Vec::new(),
        |names| {
            Array::from(&names)
                .iter()
                .filter_map(|name| name.as_string())
                .collect()
        },
    )
}

/// A field for a time zone, which offers those that the browser knows.
#[component]
pub fn ZoneInput(
    /// What is typed; follows and sets the field.
    value: RwSignal<String>,
    /// Shown in red below.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <TextInput
            label="Time zone"
            value
            list=ZONES
            autocomplete="off"
            hint=Some("Days in lists and mails begin and end by it.".to_owned())
            error
        />
        <datalist id=ZONES>
            {zones()
                .into_iter()
                .map(|name| view! { <option value=name></option> }.into_any())
                .collect_view()}
        </datalist>
    }
}

fn form(settings: TenantSettings) -> AnyView {
    let (session, toasts, tenant) = (use_session(), use_toasts(), use_tenant());
    let zone = RwSignal::new(settings.time_zone);
    let days = RwSignal::new(settings.default_expiry_days.to_string());
    let hold = RwSignal::new(settings.hold_seconds.to_string());
    let reveal = RwSignal::new(settings.reveal_links);
    let remind = RwSignal::new(in_words(&settings.remind_days));
    let remind_error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let trouble = RwSignal::new(None::<String>);
    let zone_error = RwSignal::new(None::<String>);
    let days_error = RwSignal::new(None::<String>);
    let hold_error = RwSignal::new(None::<String>);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let number = |text: RwSignal<String>| text.get_untracked().trim().parse::<u32>().ok();
        let expiry = number(days).and_then(|days| u16::try_from(days).ok());
        let seconds = number(hold);
        trouble.set(None);
        zone_error.set(None);
        days_error.set(
            expiry
                .is_none()
                .then(|| "Enter a number of days.".to_owned()),
        );
        hold_error.set(
            seconds
                .is_none()
                .then(|| "Enter a number of seconds.".to_owned()),
        );
        let reminders = days_of(&remind.get_untracked());
        remind_error.set(
            reminders
                .is_none()
                .then(|| "Enter numbers of days, such as 3, 7.".to_owned()),
        );
        let (Some(default_expiry_days), Some(hold_seconds), Some(remind_days)) =
            (expiry, seconds, reminders)
        else {
            return;
        };
        let input = ChangeSettings {
            tenant: tenant.slug.clone(),
            settings: TenantSettings {
                time_zone: zone.get_untracked().trim().to_owned(),
                default_expiry_days,
                hold_seconds,
                reveal_links: reveal.get_untracked(),
                remind_days,
            },
        };
        busy.set(true);
        let tenant = tenant.clone();
        spawn_local(async move {
            let answer = session.call(TenantChangeSettings { input }).await;
            busy.try_set(false);
            match answer {
                Ok(()) => {
                    toasts.success("The settings are saved.");
                    tenant.changed();
                }
                Err(error) => {
                    let mut found = false;
                    for (field, shown) in [
                        ("time_zone", zone_error),
                        ("default_expiry_days", days_error),
                        ("hold_seconds", hold_error),
                        ("remind_days", remind_error),
                    ] {
                        let text = field_error(&error, field);
                        found |= text.is_some();
                        shown.try_set(text);
                    }
                    if !found {
                        trouble.try_set(Some(failure(&error)));
                    }
                }
            }
        });
    };
    view! {
        <form class="stack stack--wide" novalidate=true on:submit=submit>
            {move || trouble.get().map(alert)}
            <Card title="Time">
                <div class="stack">
                    <ZoneInput value=zone error=zone_error/>
                    <TextInput
                        label="Days until an invitation expires"
                        value=days
                        input_type="number"
                        hint=Some("Where a list says nothing: 1 to 365.".to_owned())
                        error=days_error
                    />
                    <TextInput
                        label="Seconds that mails are held"
                        value=hold
                        input_type="number"
                        hint=Some("After a list is submitted, 0 to 3,600: in that time nothing has gone out yet.".to_owned())
                        error=hold_error
                    />
                </div>
            </Card>
            <Card title="Reminders">
                <TextInput
                    label="Remind after days"
                    value=remind
                    autocomplete="off"
                    hint=Some("Days after the mail, at most three numbers such as 3, 7. Empty: nobody is reminded by itself. Who answered, or whose mail came back, is not reminded.".to_owned())
                    error=remind_error
                />
            </Card>
            <Card title="Links">
                <Switch
                    checked=reveal
                    hint="They can copy the link of an invitation and hand it over themselves. Each time is written down. Super-admins always can."
                >
                    "Admins may see links"
                </Switch>
            </Card>
            <div class="cluster">
                <Button kind=ButtonKind::Primary button_type=ButtonType::Submit busy>
                    "Save"
                </Button>
            </div>
        </form>
    }
    .into_any()
}
