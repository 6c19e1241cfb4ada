//! The tenants: search, make, change, shut and open again.

mod edit;

use std::sync::Arc;

use app::{
    api::tenants::{ListTenants, SeatsTaken, TenantDisable, TenantEnable, TenantLine, TenantsList},
    domain::counts::COUNTED,
};
use leptos::{prelude::*, task::spawn_local};

use self::edit::{Editing, TenantDialog};
use super::paged::Paged;
use crate::{
    components::{
        Badge, Button, ButtonKind, ButtonSize, Chip, EmptyArt, EmptyState, IconName, SearchField,
        ToastStore, Tone, format_count, format_number, use_toasts,
    },
    effects::effect,
    keyed::keyed,
    pages::{
        ask::{Ask, Asking, Question},
        seats::words,
    },
    routes::Page,
    session::{Session, use_session},
    text::failure,
    typing::rested,
};

/// What is shown, page after page. Cheap to copy.
#[derive(Clone, Copy)]
struct Shown {
    session: Session,
    toasts: ToastStore,
    asking: Asking,
    search: RwSignal<String>,
    disabled: RwSignal<bool>,
    paged: Paged<TenantLine>,
}

impl Shown {
    /// Asks for the first page, or for the one after what is shown.
    fn load(self, after: Option<String>) {
        let (Some(search), Some(disabled)) = (
            self.search.try_get_untracked(),
            self.disabled.try_get_untracked(),
        ) else {
            // The page is gone.
            return;
        };
        let turn = self.paged.begin(after.as_ref());
        let input = ListTenants {
            search,
            disabled,
            after,
        };
        spawn_local(async move {
            let answer = self.session.call(TenantsList { input }).await;
            self.paged
                .take(turn, answer.map(|page| (page.tenants, page.next)));
        });
    }

    /// Asks first: what it means stands in the question.
    fn ask(self, line: &TenantLine) {
        let (word, kind, text) = if line.disabled {
            (
                "Enable",
                ButtonKind::Primary,
                "Its members can act in it again, and links that have not run out work again."
                    .to_owned(),
            )
        } else {
            let pending = match line.pending {
                0 => "links to it lead".to_owned(),
                1 => "the link of 1 pending person leads".to_owned(),
                some => format!("the links of {} pending people lead", counted(some)),
            };
            (
                "Disable",
                ButtonKind::Danger,
                format!(
                    "Nobody can act in it, it is in nobody’s menu, its mails stop, and \
                     {pending} nowhere. Nothing is deleted, and invitations go on running out: \
                     you can enable it again."
                ),
            )
        };
        let line = line.clone();
        self.asking.ask(Question {
            title: format!("{word} {}?", line.name),
            word,
            kind,
            text,
            act: Arc::new(move || Box::pin(self.act(line.clone()))),
        });
    }

    async fn act(self, line: TenantLine) {
        let tenant = line.tenant;
        let done = if line.disabled {
            self.session.call(TenantEnable { tenant }).await
        } else {
            self.session.call(TenantDisable { tenant }).await
        };
        match done {
            Ok(()) => {
                let said = if line.disabled { "enabled" } else { "disabled" };
                self.toasts.success(format!("{} is {said}.", line.name));
                self.load(None);
                // It may stand in the own profile menu.
                self.session.refresh();
            }
            Err(error) => self.toasts.error(failure(&error)),
        }
    }
}

/// The list of tenants.
#[component]
pub fn Tenants() -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let shown = Shown {
        session: use_session(),
        toasts: use_toasts(),
        asking: Asking::new(),
        search: rested(typed),
        disabled: RwSignal::new(false),
        paged: Paged::new(),
    };
    effect(move || {
        shown.search.track();
        shown.disabled.track();
        shown.load(None);
    });
    let editing = Editing::new(Callback::new(move |()| shown.load(None)));
    let nothing = || {
        view! {
            <EmptyState title="No tenant is here." art=EmptyArt::People>
                "Try another search, or add one: it invites its own people."
            </EmptyState>
        }
        .into_any()
    };
    let load = Callback::new(move |after| shown.load(after));
    let chip = move |disabled: bool, words: &'static str| {
        view! {
            <Chip
                pressed=Signal::derive(move || shown.disabled.get() == disabled)
                on:click=move |_| shown.disabled.set(disabled)
            >
                {words}
            </Chip>
        }
        .into_any()
    };
    view! {
        <div class="stack">
            <h2 id="tenants">"Tenants"</h2>
            {editing.made()}
            <div class="filters">
                <SearchField
                    label="Search tenants"
                    value=typed
                    placeholder="Name or address"
                    busy=shown.paged.busy
                />
                <div class="chips" role="group" aria-label="State of the tenants">
                    {chip(false, "Enabled")} {chip(true, "Disabled")}
                </div>
                <Button
                    kind=ButtonKind::Primary
                    icon=IconName::Plus
                    on:click=move |_| editing.create()
                >
                    "Add tenant"
                </Button>
            </div>
            {shown.paged.card("The tenants", load, nothing, move || table(shown, editing))}
        </div>
        <TenantDialog editing/>
        <Ask asking=shown.asking/>
    }
}

/// What is not counted to the end.
fn counted(number: u64) -> String {
    format_count(number, COUNTED)
}

fn seats_words(seats: SeatsTaken, partly: bool) -> String {
    if partly {
        return format!(
            "{}+ of {} seats",
            format_number(COUNTED),
            format_number(seats.limit)
        );
    }
    words(seats)
}

fn table(shown: Shown, editing: Editing) -> AnyView {
    view! {
        <div class="table-frame" role="region" aria-label="Tenants" tabindex="0">
            <table class="table table--cards">
                <thead>
                    <tr>
                        <th scope="col">"Tenant"</th>
                        <th scope="col">"Time zone"</th>
                        <th scope="col" class="cell--num">
                            "Members"
                        </th>
                        <th scope="col" class="cell--num">
                            "Pending"
                        </th>
                        <th scope="col" class="cell--num">
                            "Seats"
                        </th>
                        <td></td>
                    </tr>
                </thead>
                <tbody>
                    {keyed(
                        move || (*shown.paged.lines.read()).clone().unwrap_or_default(),
                        // A line that changed is another one.
                        |line| {
                            format!(
                                "{} {} {} {} {} {} {} {} {} {}",
                                line.tenant, line.name, line.time_zone, line.default_expiry_days,
                                line.disabled, line.members, line.admins, line.pending,
                                line.seats.map(words).unwrap_or_default(), line.seats_partly,
                            )
                        },
                        move |line| row(shown, editing, line),
                    )}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(shown: Shown, editing: Editing, line: TenantLine) -> AnyView {
    let id = format!("tenant-{}", line.tenant);
    let described = id.clone();
    let (kept, asked) = (line.clone(), line.clone());
    let pending = format!(
        "{}?status=pending",
        Page::Invitations(line.slug.clone()).path(),
    );
    let title = if line.disabled {
        view! { <span class="table__title">{line.name}</span> }.into_any()
    } else {
        view! {
            <a class="table__title" href=Page::Management(line.slug.clone()).href()>
                {line.name}
            </a>
        }
        .into_any()
    };
    let pending = if line.disabled || line.pending == 0 {
        counted(line.pending).into_any()
    } else {
        view! { <a href=pending>{counted(line.pending)}</a> }.into_any()
    };
    let no_admin = (!line.disabled && line.admins == 0).then(|| {
        view! {
            " "
            <Badge tone=Tone::Warn label="No admin yet"/>
            " "
            <a href=edit::first_admin(&line.slug)>"Invite an admin"</a>
        }
    });
    view! {
        <tr>
            <td class="cell--lead">
                <span id=id>{title}</span>
                {no_admin}
            </td>
            <td data-label="Time zone">{line.time_zone}</td>
            <td data-label="Members" class="cell--num">
                {counted(line.members)}
            </td>
            <td data-label="Pending" class="cell--num">
                {pending}
            </td>
            <td data-label="Seats" class="cell--num">
                {line.seats.map(|seats| seats_words(seats, line.seats_partly))}
            </td>
            <td class="cell--actions">
                <Button
                    kind=ButtonKind::Quiet
                    size=ButtonSize::Small
                    attr:aria-describedby=described.clone()
                    on:click=move |_| editing.edit(&kept)
                >
                    "Edit"
                </Button>
                <Button
                    kind=ButtonKind::Quiet
                    size=ButtonSize::Small
                    attr:aria-describedby=described
                    on:click=move |_| shown.ask(&asked)
                >
                    {if line.disabled { "Enable" } else { "Disable" }}
                </Button>
            </td>
        </tr>
    }
    .into_any()
}
