//! The tenants: search, make, change, shut and open again.

mod edit;

use std::sync::Arc;

use app::api::{
    ApiError,
    apps::COUNTED,
    tenants::{
        ListTenants, SeatsTaken, TenantDisable, TenantEnable, TenantLine, TenantsList, TenantsPage,
    },
};
use leptos::{prelude::*, task::spawn_local};

use self::edit::{Editing, TenantDialog};
use crate::{
    components::{
        Badge, Button, ButtonKind, ButtonSize, Chip, EmptyArt, EmptyState, IconName, MoreButton,
        SearchField, Skeleton, SkeletonShape, ToastStore, Tone, format_number, use_toasts,
    },
    effects::effect,
    keyed::keyed,
    pages::{
        ask::{Ask, Asking, Question},
        seats::words,
    },
    query::trouble,
    routes::Page,
    session::{Session, use_session},
    shared::Shared,
    text::failure,
    typing::rested,
    when::{flag, when},
};

/// What is shown, page after page. Cheap to copy.
#[derive(Clone, Copy)]
struct Shown {
    session: Session,
    toasts: ToastStore,
    asking: Asking,
    search: RwSignal<String>,
    disabled: RwSignal<bool>,
    /// `None` until there is an answer to this search.
    lines: Shared<Option<Vec<TenantLine>>>,
    next: RwSignal<Option<String>>,
    failed: Shared<Option<ApiError>>,
    busy: RwSignal<bool>,
    turn: StoredValue<u64>,
}

impl Shown {
    /// Asks for the first page, or for the one after what is shown.
    fn load(self, after: Option<String>) {
        let mine = self.turn.try_update_value(|turn| {
            *turn += 1;
            *turn
        });
        let (Some(search), Some(disabled)) = (
            self.search.try_get_untracked(),
            self.disabled.try_get_untracked(),
        ) else {
            // The page is gone.
            return;
        };
        self.busy.set(true);
        let more = after.is_some();
        let input = ListTenants {
            search,
            disabled,
            after,
        };
        spawn_local(async move {
            let answer = self.session.call(TenantsList { input }).await;
            // A newer search has asked meanwhile.
            if mine.is_some() && self.turn.try_get_value() == mine {
                self.take(more, answer);
            }
        });
    }

    fn take(self, more: bool, answer: Result<TenantsPage, ApiError>) {
        self.busy.set(false);
        match answer {
            Ok(page) => {
                self.failed.set(None);
                self.next.set(page.next);
                let mut lines = page.tenants;
                if more && let Some(before) = &*self.lines.read_untracked() {
                    lines.splice(0..0, before.iter().cloned());
                }
                self.lines.set(Some(lines));
            }
            Err(error) => {
                if !more {
                    self.lines.set(Some(Vec::new()));
                }
                self.failed.set(Some(error));
            }
        }
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
        lines: Shared::new(None),
        next: RwSignal::new(None),
        failed: Shared::new(None),
        busy: RwSignal::new(false),
        turn: StoredValue::new(0),
    };
    effect(move || {
        shown.search.track();
        shown.disabled.track();
        shown.load(None);
    });
    let editing = Editing::new(Callback::new(move |()| shown.load(None)));
    let waits = flag(move || shown.lines.read().is_none());
    let nobody = flag(move || (*shown.lines.read()).as_ref().is_some_and(Vec::is_empty));
    let some = flag(move || {
        (*shown.lines.read())
            .as_ref()
            .is_some_and(|all| !all.is_empty())
    });
    let more = move || {
        let on_more = Callback::new(move |()| shown.load(shown.next.get_untracked()));
        view! { <MoreButton busy=shown.busy on_more/> }.into_any()
    };
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
                    busy=shown.busy
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
            <div class="card">
                {when(
                    move || waits.get(),
                    || view! { <Skeleton shape=SkeletonShape::Rows count=3/> }.into_any(),
                )}
                {when(
                    move || nobody.get() && shown.failed.read().is_none(),
                    || {
                        view! {
                            <EmptyState title="No tenant is here." art=EmptyArt::People>
                                "Try another search, or add one: it invites its own people."
                            </EmptyState>
                        }
                            .into_any()
                    },
                )}
                {when(move || some.get(), move || table(shown, editing))}
                {trouble(shown.failed)}
                {when(move || shown.next.with(Option::is_some), more)}
            </div>
        </div>
        <TenantDialog editing/>
        <Ask asking=shown.asking/>
    }
}

/// What is not counted to the end.
fn counted(number: u64) -> String {
    if number > COUNTED {
        format!("{}+", format_number(COUNTED))
    } else {
        format_number(number)
    }
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
                        move || (*shown.lines.read()).clone().unwrap_or_default(),
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
