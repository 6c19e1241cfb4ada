//! The seats of a tenant that has a limit: said wherever one invites.

use std::sync::Arc;

use app::api::tenants::{SeatsTaken, SetSeats, TenantSeats, TenantSetSeats};
use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    components::{
        Button, ButtonKind, ButtonType, Card, Notice, TextInput, Tone, format_number, use_toasts,
    },
    pages::{
        ask::{Ask, Asking, Question},
        sign_in::alert,
    },
    query::Query,
    routes::Page,
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

/// How many seats are taken, of the tenant that is chosen. Where there is no limit, only
/// whoever may set one reads of it.
#[component]
pub fn SeatsLine(
    /// Of which tenant; none: nobody has chosen one.
    #[prop(into)]
    slug: Signal<Option<String>>,
    /// Asks again when it moves on.
    #[prop(optional, into)]
    changes: Signal<u64>,
) -> impl IntoView {
    let session = use_session();
    let seats = Query::new(session, move || {
        slug.get().map(|tenant| TenantSeats { tenant })
    })
    .follow(changes);
    let rules = Memo::new(move |_| session.me().is_some_and(|me| me.super_admin));
    move || {
        let Some(seats) = seats.ready()? else {
            // Whoever may set a limit is told that there is none.
            return rules.get().then(|| {
                view! { <p class="muted">"This tenant has no limit of seats."</p> }.into_any()
            });
        };
        if seats.used < seats.limit {
            let text = format!(
                "{} are taken, by members, people who are invited, and codes that nobody has used.",
                words(seats)
            );
            return Some(view! { <p class="muted">{text}</p> }.into_any());
        }
        let more = if rules.get() {
            let settings = Page::TenantSettings(slug.get().unwrap_or_default()).href();
            view! { "or " <a href=settings>"give this tenant more seats"</a> "." }.into_any()
        } else {
            "or ask who runs the platform for more seats.".into_any()
        };
        Some(
            view! {
                <Notice tone=Tone::Warn title=format!("{} are taken.", words(seats))>
                    "Nobody more can be invited. Revoke invitations that nobody needs, " {more}
                </Notice>
            }
            .into_any(),
        )
    }
}

/// The tenant's seats, in its settings; a super-admin sets them.
#[component]
pub fn SeatsCard() -> impl IntoView {
    let (session, tenant) = (use_session(), use_tenant());
    let slug = tenant.slug.clone();
    let seats = Query::new(session, move || {
        Some(TenantSeats {
            tenant: slug.clone(),
        })
    })
    .follow(tenant.changes());
    let may = Memo::new(move |_| session.me().is_some_and(|me| me.super_admin));
    // Drawn anew only when the limit is another one: what is typed stays.
    let limit = Memo::new(move |_| seats.ready().map(|seats| seats.map(|seats| seats.limit)));
    let slug = StoredValue::new(tenant.slug.clone());
    let tenant = StoredValue::new(tenant);
    let on_saved = Callback::new(move |()| {
        if let Some(tenant) = tenant.try_get_value() {
            tenant.changed();
        }
    });
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
        let known = limit.get().filter(|_| may.get())?;
        Some(view! { <SeatsForm slug=slug.get_value() known on_saved/> })
    };
    view! {
        <Card title="Seats">
            <div class="stack">
                <p>{told}</p>
                {form}
            </div>
        </Card>
    }
}

#[component]
fn SeatsForm(
    /// Whose.
    slug: String,
    /// The limit now; none: there is none.
    known: Option<u64>,
    /// Runs when it is another one.
    on_saved: Callback<()>,
) -> impl IntoView {
    let (session, toasts) = (use_session(), use_toasts());
    let limit = RwSignal::new(known.map(|seats| seats.to_string()).unwrap_or_default());
    let busy = RwSignal::new(false);
    let trouble = RwSignal::new(None::<String>);
    let wrong = RwSignal::new(None::<String>);
    let asking = Asking::new();
    let save = move |asked: Option<u32>| {
        let input = SetSeats {
            tenant: slug.clone(),
            limit: asked,
        };
        async move {
            busy.set(true);
            let answer = session.call(TenantSetSeats { input }).await;
            busy.try_set(false);
            match answer {
                Ok(()) => {
                    toasts.success("The seats are saved.");
                    on_saved.try_run(());
                }
                Err(error) => match field_error(&error, "limit") {
                    Some(text) => _ = wrong.try_set(Some(text)),
                    None => _ = trouble.try_set(Some(failure(&error))),
                },
            }
        }
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        trouble.set(None);
        let typed = limit.get_untracked().trim().to_owned();
        let asked = typed.parse::<u32>().ok();
        if asked.is_none() && !typed.is_empty() {
            wrong.set(Some("Enter a number, or nothing for no limit.".to_owned()));
            return;
        }
        wrong.set(None);
        if asked.is_none() && known.is_some() {
            let save = save.clone();
            asking.ask(Question {
                title: "Take the limit away?".to_owned(),
                word: "Take it away",
                kind: ButtonKind::Primary,
                text: "Any number of people can be invited from then on.".to_owned(),
                act: Arc::new(move || Box::pin(save(None))),
            });
        } else {
            spawn_local(save(asked));
        }
    };
    view! {
        <form class="stack" novalidate=true on:submit=submit>
            {move || trouble.get().map(alert)}
            <TextInput
                label="Number of seats"
                value=limit
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
        <Ask asking/>
    }
}
