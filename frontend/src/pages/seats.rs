//! The seats of a tenant that has a limit: said wherever one invites.

use app::api::tenants::{SeatsTaken, SetSeats, TenantSeats, TenantSetSeats};
use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    components::{Button, ButtonType, Card, Notice, TextInput, Tone, format_number, use_toasts},
    pages::sign_in::alert,
    query::Query,
    session::use_session,
    tenant::use_tenant,
    text::{failure, field_error},
};

/// `12 of 50 seats`.
pub fn words(seats: SeatsTaken) -> String {
    format!(
        "{} of {} seats",
        format_number(seats.used),
        format_number(seats.limit)
    )
}

/// How many seats are taken; nothing where there is no limit.
#[component]
pub fn SeatsLine(
    /// Of which tenant; none: nobody has chosen one.
    #[prop(into)]
    slug: Signal<Option<String>>,
    /// Asks again when it moves on.
    #[prop(optional, into)]
    changes: Signal<u64>,
) -> impl IntoView {
    let seats = Query::new(use_session(), move || {
        slug.get().map(|tenant| TenantSeats { tenant })
    })
    .follow(changes);
    move || {
        let seats = seats.ready().flatten()?;
        Some(if seats.used < seats.limit {
            let text = format!(
                "{} are taken, by members and people who are invited.",
                words(seats)
            );
            view! { <p class="muted">{text}</p> }.into_any()
        } else {
            view! {
                <Notice tone=Tone::Warn title=format!("{} are taken.", words(seats))>
                    "Nobody more can be invited. Revoke invitations that nobody needs, or ask who runs the platform for more seats."
                </Notice>
            }
            .into_any()
        })
    }
}

/// The tenant's seats, in its settings; a super-admin sets them.
#[component]
pub fn SeatsCard() -> impl IntoView {
    let (session, toasts, tenant) = (use_session(), use_toasts(), use_tenant());
    let slug = tenant.slug.clone();
    let seats = Query::new(session, move || {
        Some(TenantSeats {
            tenant: slug.clone(),
        })
    })
    .follow(tenant.changes());
    let may = Memo::new(move |_| session.me().is_some_and(|me| me.super_admin));
    let tenant = StoredValue::new(tenant);
    let limit = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let trouble = RwSignal::new(None::<String>);
    let wrong = RwSignal::new(None::<String>);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        trouble.set(None);
        let typed = limit.get_untracked().trim().to_owned();
        let asked = if typed.is_empty() {
            None
        } else if let Ok(number) = typed.parse::<u32>() {
            Some(number)
        } else {
            wrong.set(Some("Enter a number, or nothing for no limit.".to_owned()));
            return;
        };
        wrong.set(None);
        busy.set(true);
        let input = SetSeats {
            tenant: tenant.with_value(|tenant| tenant.slug.clone()),
            limit: asked,
        };
        spawn_local(async move {
            let answer = session.call(TenantSetSeats { input }).await;
            busy.try_set(false);
            match answer {
                Ok(()) => {
                    toasts.success("The seats are saved.");
                    if let Some(tenant) = tenant.try_get_value() {
                        tenant.changed();
                    }
                }
                Err(error) => match field_error(&error, "limit") {
                    Some(text) => _ = wrong.try_set(Some(text)),
                    None => _ = trouble.try_set(Some(failure(&error))),
                },
            }
        });
    };
    let told = move || {
        seats.ready().map(|seats| match seats {
            Some(seats) => format!(
                "{} are taken, by members, people who are invited, and codes that nobody has used.",
                words(seats)
            ),
            None => "There is no limit.".to_owned(),
        })
    };
    let form = move || {
        view! {
            <form class="stack" novalidate=true on:submit=submit>
                {move || trouble.get().map(alert)}
                <TextInput
                    label="Number of seats"
                    value=limit
                    input_type="number"
                    optional=true
                    hint=Some("One a person. Empty: no limit.".to_owned())
                    error=wrong
                />
                <div class="cluster">
                    <Button button_type=ButtonType::Submit busy>
                        "Set seats"
                    </Button>
                </div>
            </form>
        }
    };
    view! {
        <Card title="Seats">
            <div class="stack">
                <p>{told}</p>
                {move || may.get().then(form)}
            </div>
        </Card>
    }
}
