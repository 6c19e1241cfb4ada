//! A catalog invitation app's form: who, to what, and how.

mod view;

use app::{
    api::{
        ApiError,
        apps::{App, AppsCreate, AppsPreview, CreateInvitations, MailPreview, PersonMade},
        invitations::{BundleRef, InvitationsResend},
        tenants::TenantsFind,
    },
    domain::{
        id::BundleId,
        import::RowOutcome,
        invitation::InvitationKind,
        role::Role,
        time::{CivilDate, CivilTime},
    },
};
use leptos::{ev, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use self::view::{entry_view, fields, preview_dialog};
use super::{
    apps::name_of,
    blanks::BlankForm,
    pick::{self, Field},
    refused,
};
use crate::{
    components::{
        Button, ButtonKind, ButtonType, Choice, PageHead, Select, SelectOption, ToastStore,
        use_toasts,
    },
    effects::effect,
    keyed::keyed,
    page::use_title,
    pages::seats::SeatsLine,
    random::random_key,
    router::use_router,
    routes::Page,
    session::{Session, use_session},
    text::{count_of, failure, field_error},
};

/// People and targets that one form takes.
const MOST: usize = app::api::apps::MOST;

/// When the mail goes out: the values of the choice.
const NOW: &str = "now";
const LATER: &str = "later";
const NEVER: &str = "never";
/// The time that the form proposes.
const NINE: &str = "09:00";

/// What a button of the form does after saving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// An empty form.
    Next,
    /// The same form for somebody else.
    Another,
    /// The invitation's page.
    Edit,
}

/// One line of what was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    id: u32,
    who: String,
    what: String,
    slug: String,
    made: PersonMade,
}

/// What a form asks beyond whom and what. Cheap to copy.
#[derive(Clone, Copy)]
struct More {
    /// When the mail goes out.
    send: RwSignal<String>,
    send_day: RwSignal<String>,
    send_time: RwSignal<String>,
    source: RwSignal<String>,
    redirect: RwSignal<String>,
    metadata: RwSignal<String>,
    preview: RwSignal<Option<MailPreview>>,
    preview_open: RwSignal<bool>,
}

impl More {
    fn new() -> Self {
        let text = || RwSignal::new(String::new());
        Self {
            send: RwSignal::new(NOW.to_owned()),
            send_day: text(),
            send_time: RwSignal::new(NINE.to_owned()),
            source: text(),
            redirect: text(),
            metadata: text(),
            preview: RwSignal::new(None),
            preview_open: RwSignal::new(false),
        }
    }

    fn clear(self) {
        for text in [self.send_day, self.source, self.redirect, self.metadata] {
            text.set(String::new());
        }
        self.send.set(NOW.to_owned());
        self.send_time.set(NINE.to_owned());
    }

    /// When the mail goes out, where that is later.
    fn send_at(self) -> Option<CivilTime> {
        if self.send.with_untracked(|send| send != LATER) {
            return None;
        }
        let time = self.send_time.get_untracked();
        let clock = time
            .split_once(':')
            .and_then(|(hour, minute)| Some((hour.parse().ok()?, minute.get(..2)?.parse().ok()?)));
        // What is not filled in is no time: the server says so at the field.
        let (hour, minute) = clock.unwrap_or((u8::MAX, 0));
        Some(CivilTime {
            day: self
                .send_day
                .with_untracked(|text| day(text))
                .unwrap_or(CivilDate {
                    year: 0,
                    month: 0,
                    day: 0,
                }),
            hour,
            minute,
        })
    }
}

/// The form's state. Cheap to copy.
#[derive(Clone, Copy)]
struct Adding {
    app: App,
    session: Session,
    toasts: ToastStore,
    user: Field,
    email: RwSignal<String>,
    active: RwSignal<bool>,
    course: Field,
    program: Field,
    tenant: Field,
    role: RwSignal<String>,
    expires: RwSignal<String>,
    access_from: RwSignal<String>,
    access_until: RwSignal<String>,
    note: RwSignal<String>,
    more: StoredValue<More>,
    busy: RwSignal<bool>,
    error: RwSignal<Option<ApiError>>,
    /// The newest first.
    entries: RwSignal<Vec<Entry>>,
    /// What was sent last without an answer, and under which key.
    tried: StoredValue<Option<(CreateInvitations, String)>>,
}

impl Adding {
    fn new(app: App) -> Self {
        let session = use_session();
        Self {
            app,
            session,
            toasts: use_toasts(),
            user: pick::users(session),
            email: RwSignal::new(String::new()),
            active: RwSignal::new(true),
            course: pick::items(session, InvitationKind::Course),
            program: pick::items(session, InvitationKind::Program),
            tenant: pick::tenants(session),
            more: StoredValue::new(More::new()),
            role: RwSignal::new(Role::Learner.as_str().to_owned()),
            expires: RwSignal::new(String::new()),
            access_from: RwSignal::new(String::new()),
            access_until: RwSignal::new(String::new()),
            note: RwSignal::new(String::new()),
            busy: RwSignal::new(false),
            error: RwSignal::new(None),
            entries: RwSignal::new(Vec::new()),
            tried: StoredValue::new(None),
        }
    }

    /// What the address asks for: a tenant by its slug, a role.
    fn prefill(self) {
        let router = use_router();
        let param = |name: &str| untrack(|| router.param(name)).unwrap_or_default();
        if let Some(role) = Role::parse(&param("role")) {
            self.role.set(role.as_str().to_owned());
        }
        let slug = param("tenant");
        if slug.is_empty() {
            return;
        }
        spawn_local(async move {
            let search = slug.clone();
            let Ok(found) = self.session.call(TenantsFind { search }).await else {
                return;
            };
            if let Some(one) = found.into_iter().find(|one| one.slug == slug) {
                self.tenant.typed.try_set(one.name.clone());
                self.tenant.picked.try_set(vec![pick::tenant(one)]);
            }
        });
    }

    /// The tenant follows from what is picked, where that leaves no choice.
    fn follow(self) {
        effect(move || {
            let owner = [self.course, self.program]
                .into_iter()
                .find_map(|field| field.picked.with(|all| all.iter().find_map(only)));
            let has_owner = owner.is_some();
            let place = owner.or_else(|| self.user.picked.with(|all| all.first().and_then(only)));
            if let Some((slug, name)) = place
                && self.app != App::Platform
                // What has an owner is invited to by nobody else.
                && (has_owner || self.tenant.picked.with_untracked(Vec::is_empty))
            {
                self.tenant.typed.set(name.clone());
                self.tenant.picked.set(vec![Choice {
                    value: slug,
                    label: name,
                    note: String::new(),
                    follows: Vec::new(),
                }]);
            }
        });
    }

    fn at(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.error
                .with(|error| error.as_ref().and_then(|error| field_error(error, field)))
        })
    }

    /// What the form says.
    fn input(self) -> CreateInvitations {
        // A date field that is half filled in is empty to the page.
        let day_of = |field: RwSignal<String>| field.with_untracked(|text| day(text));
        let ids = |field: Field| {
            field
                .values()
                .iter()
                .filter_map(|value| value.parse().ok())
                .collect::<Vec<_>>()
        };
        let (courses, programs) = (ids(self.course), ids(self.program));
        let users = self.user.values();
        let more = self.more();
        CreateInvitations {
            app: self.app,
            tenant: self.tenant.values().into_iter().next().unwrap_or_default(),
            idempotency_key: String::new(),
            users: users
                .iter()
                .filter_map(|value| value.parse().ok())
                .collect(),
            email: self.email.get_untracked().trim().to_owned(),
            platform: matches!(self.app, App::Platform | App::Placeholder)
                && courses.is_empty()
                && programs.is_empty(),
            courses,
            programs,
            active: self.active.get_untracked(),
            mail: more.send.with_untracked(|send| send != NEVER),
            send_at: more.send_at(),
            role: Role::parse(&self.role.get_untracked()).unwrap_or_default(),
            expires_on: day_of(self.expires),
            access_from: day_of(self.access_from),
            access_until: day_of(self.access_until),
            note: self.note.get_untracked(),
            source: more.source.get_untracked(),
            redirect: more.redirect.get_untracked(),
            metadata: more.metadata.get_untracked(),
        }
    }

    fn more(self) -> More {
        self.more.get_value()
    }

    /// What is invited to, in words.
    fn what(self) -> String {
        let words = [self.course.words(), self.program.words()];
        let items: Vec<String> = words.into_iter().filter(|one| !one.is_empty()).collect();
        if items.is_empty() {
            self.tenant.words()
        } else {
            items.join(", ")
        }
    }

    /// Moves on with each save.
    fn saves(self) -> Signal<u64> {
        let newest = move |entries: &Vec<Entry>| entries.first().map_or(0, |one| one.id + 1);
        Signal::derive(move || u64::from(self.entries.with(newest)))
    }

    /// Whom and how many, before anything is saved.
    fn summary(self) -> String {
        let users = self.user.picked.with(Vec::len);
        let people = users + usize::from(!self.email.with(String::is_empty));
        let items = self.course.picked.with(Vec::len) + self.program.picked.with(Vec::len);
        let targets = items.max(usize::from(!self.tenant.picked.with(Vec::is_empty)));
        if people == 0 || targets == 0 {
            return String::new();
        }
        format!(
            "{} for {}, one mail and one link each.",
            count_of((people * targets) as u64, "invitation", "invitations"),
            count_of(people as u64, "person", "people"),
        )
    }

    /// The key for what is sent: the same for a repeated try of the same form.
    fn key(self, input: &CreateInvitations) -> Option<String> {
        let before = self.tried.get_value();
        let key = match before {
            Some((tried, key)) if tried == *input => key,
            _ => random_key()?,
        };
        self.tried.set_value(Some((input.clone(), key.clone())));
        Some(key)
    }

    fn save(self, after: After) {
        if self.busy.get_untracked() {
            return;
        }
        let mut input = self.input();
        let Some(key) = self.key(&input) else {
            self.fail(ApiError::Internal);
            return;
        };
        input.idempotency_key = key;
        self.error.set(None);
        self.busy.set(true);
        let mut who: Vec<String> = self
            .user
            .picked
            .with_untracked(|all| all.iter().map(|one| one.label.clone()).collect());
        if who.is_empty() {
            who.push(input.email.clone());
        }
        let what = untrack(|| self.what());
        let slug = input.tenant.clone();
        spawn_local(async move {
            let answer = self.session.call(AppsCreate { input }).await;
            self.busy.try_set(false);
            match answer {
                Ok(made) => self.saved(who, &what, &slug, made, after),
                Err(error) => self.fail(error),
            }
        });
    }

    fn fail(self, error: ApiError) {
        let first = match &error {
            ApiError::Invalid { fields, .. } => fields.first().map(|one| one.field.clone()),
            _ => None,
        };
        self.error.try_set(Some(error));
        focus(&match first.as_deref() {
            Some("target") if self.app == App::Program => "program".to_owned(),
            Some("target") => "course".to_owned(),
            Some(field) => field.to_owned(),
            None => return,
        });
    }

    fn saved(self, who: Vec<String>, what: &str, slug: &str, made: Vec<PersonMade>, after: After) {
        self.tried.try_set_value(None);
        let one = match made.as_slice() {
            [one] if one.outcome == RowOutcome::Created => one.bundle,
            _ => None,
        };
        self.entries.try_update(|entries| {
            let next = entries.first().map_or(0, |entry| entry.id + 1);
            let new = (next..)
                .zip(who.into_iter().zip(made))
                .map(|(id, (who, made))| Entry {
                    id,
                    who,
                    what: what.to_owned(),
                    slug: slug.to_owned(),
                    made,
                });
            let mut new: Vec<Entry> = new.collect();
            new.reverse();
            new.append(entries);
            new.truncate(50);
            *entries = new;
        });
        if after == After::Edit {
            if let Some(bundle) = one {
                self.session.go(page_of(slug, bundle));
            }
            return;
        }
        self.user.clear();
        self.email.set(String::new());
        if after == After::Next {
            for field in [self.course, self.program, self.tenant] {
                field.clear();
            }
            self.note.set(String::new());
            if let Some(more) = self.more.try_get_value() {
                more.clear();
            }
            for day in [self.expires, self.access_from, self.access_until] {
                day.set(String::new());
            }
            self.active.set(true);
        }
        focus(if self.app == App::Placeholder {
            "email"
        } else {
            "user"
        });
    }

    /// Shows how the mail will look.
    fn look(self) {
        if self.busy.get_untracked() {
            return;
        }
        let input = self.input();
        self.error.set(None);
        self.busy.set(true);
        spawn_local(async move {
            let answer = self.session.call(AppsPreview { input }).await;
            self.busy.try_set(false);
            match answer {
                Ok(preview) => {
                    if let Some(more) = self.more.try_get_value() {
                        more.preview.try_set(Some(preview));
                        more.preview_open.try_set(true);
                    }
                }
                Err(error) => self.fail(error),
            }
        });
    }

    fn resend(self, entry: Entry) {
        let Some(bundle) = entry.made.bundle else {
            return;
        };
        let input = BundleRef {
            tenant: entry.slug,
            bundle,
        };
        spawn_local(async move {
            match self.session.call(InvitationsResend { input }).await {
                Ok(_) => self
                    .toasts
                    .success(format!("The mail to {} goes out again.", entry.who)),
                Err(error) => self.toasts.error(failure(&error)),
            }
        });
    }
}

/// The one thing that follows from a choice.
pub(super) fn only(choice: &Choice) -> Option<(String, String)> {
    match choice.follows.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}

fn page_of(slug: &str, bundle: BundleId) -> String {
    Page::Invitation(slug.to_owned(), bundle.to_string()).href()
}

pub(super) fn focus(id: &str) {
    let found = document().get_element_by_id(id);
    if let Some(found) = found.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) {
        // Focus can only fail on a detached element, where nobody minds.
        _ = found.focus();
    }
}

/// A day as a date field writes it.
pub(super) fn day(text: &str) -> Option<CivilDate> {
    let mut parts = text.split('-');
    let day = CivilDate {
        year: parts.next()?.parse().ok()?,
        month: parts.next()?.parse().ok()?,
        day: parts.next()?.parse().ok()?,
    };
    parts.next().is_none().then_some(day)
}

/// The form of an app.
#[component]
pub fn AddPage(
    /// Which.
    app: App,
) -> impl IntoView {
    let title = format!("Add {}", name_of(app));
    let heading = title.clone();
    use_title(move || title.clone());
    view! {
        <PageHead title=heading>
            <a href=Page::InvitationApps.href()>"Catalog Invitation Apps"</a>
        </PageHead>
        {if app == App::Placeholder { either() } else { form(app) }}
    }
}

/// The placeholders of people whose address is known, or of nobody yet.
fn either() -> AnyView {
    let kind = RwSignal::new(BY_EMAIL.to_owned());
    let kinds = vec![
        SelectOption::new(BY_EMAIL, "By email: for somebody whose address is known"),
        SelectOption::new(
            BLANK,
            "Blank: for people nobody knows yet, with redemption codes",
        ),
    ];
    view! {
        <Select label="Placeholder" value=kind options=kinds/>
        {move || {
            if kind.with(|kind| kind == BLANK) {
                view! { <BlankForm/> }.into_any()
            } else {
                form(App::Placeholder)
            }
        }}
    }
    .into_any()
}

const BY_EMAIL: &str = "email";
const BLANK: &str = "blank";

fn form(app: App) -> AnyView {
    let adding = Adding::new(app);
    adding.prefill();
    adding.follow();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        adding.save(After::Next);
    };
    let wrong = move || adding.error.with(|error| error.as_ref().map(refused));
    view! {
        <div class="stack" role="status">
            {keyed(
                move || adding.entries.get(),
                |entry| entry.id.to_string(),
                move |entry| entry_view(adding, entry),
            )}
        </div>
        <form class="card" novalidate=true on:submit=submit>
            <div class="card__body stack">
                {wrong} {fields(adding)}
                <p class="field__hint">{move || adding.summary()}</p>
                <SeatsLine slug=adding.tenant.first() changes=adding.saves()/>
                <div class="cluster">
                    <Button
                        kind=ButtonKind::Primary
                        button_type=ButtonType::Submit
                        busy=adding.busy
                    >
                        "Save"
                    </Button>
                    <Button on:click=move |_| adding.save(After::Another)>
                        "Save and add another"
                    </Button>
                    <Button on:click=move |_| adding.save(After::Edit)>
                        "Save and continue editing"
                    </Button>
                    <Button on:click=move |_| adding.look()>"Preview the mail"</Button>
                </div>
            </div>
        </form>
        {preview_dialog(adding)}
    }
    .into_any()
}
