//! The form of blank placeholders: how many, found by which source, and to what.

use app::{
    api::{
        ApiError,
        blanks::{BlanksCreate, BlanksMade, CreateBlanks},
    },
    domain::{invitation::InvitationKind, role::Role},
};
use leptos::{ev, prelude::*, task::spawn_local};

use super::{
    add::{day, focus, only},
    pick::{self, Field},
    refused,
};
use crate::{
    components::{
        Button, ButtonKind, ButtonType, Choice, Combobox, Notice, Select, SelectOption, Switch,
        TextInput, Tone,
    },
    effects::effect,
    pages::{placeholders::batch_href, seats::SeatsLine},
    random::random_key,
    session::{Session, use_session},
    text::{count_of, field_error, role_word},
};

/// The form's state. Cheap to copy.
#[derive(Clone, Copy)]
struct Making {
    session: Session,
    count: RwSignal<String>,
    source: RwSignal<String>,
    course: Field,
    program: Field,
    tenant: Field,
    active: RwSignal<bool>,
    role: RwSignal<String>,
    expires: RwSignal<String>,
    access_from: RwSignal<String>,
    access_until: RwSignal<String>,
    busy: RwSignal<bool>,
    error: RwSignal<Option<ApiError>>,
    /// The tenant's slug, what was made, and to what.
    made: RwSignal<Option<(String, BlanksMade, String)>>,
    /// How often something was.
    saved: RwSignal<u64>,
    /// What was sent last without an answer, and under which key.
    tried: StoredValue<Option<(CreateBlanks, String)>>,
}

impl Making {
    fn new() -> Self {
        let session = use_session();
        Self {
            session,
            count: RwSignal::new("100".to_owned()),
            source: RwSignal::new(String::new()),
            course: pick::items(session, InvitationKind::Course),
            program: pick::items(session, InvitationKind::Program),
            tenant: pick::tenants(session),
            active: RwSignal::new(true),
            role: RwSignal::new(Role::Learner.as_str().to_owned()),
            expires: RwSignal::new(String::new()),
            access_from: RwSignal::new(String::new()),
            access_until: RwSignal::new(String::new()),
            busy: RwSignal::new(false),
            error: RwSignal::new(None),
            made: RwSignal::new(None),
            saved: RwSignal::new(0),
            tried: StoredValue::new(None),
        }
    }

    /// What has an owner is invited to by nobody else.
    fn follow(self) {
        effect(move || {
            let owner = [self.course, self.program]
                .into_iter()
                .find_map(|field| field.picked.with(|all| all.iter().find_map(only)));
            if let Some((slug, name)) = owner {
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

    fn input(self) -> CreateBlanks {
        let ids = |field: Field| {
            field
                .values()
                .iter()
                .filter_map(|value| value.parse().ok())
                .collect::<Vec<_>>()
        };
        let day_of = |field: RwSignal<String>| field.with_untracked(|text| day(text));
        let (courses, programs) = (ids(self.course), ids(self.program));
        let platform = courses.is_empty() && programs.is_empty();
        CreateBlanks {
            tenant: self.tenant.values().into_iter().next().unwrap_or_default(),
            idempotency_key: String::new(),
            // What is no number is none: the server says so at the field.
            count: self
                .count
                .with_untracked(|text| text.trim().parse().unwrap_or(0)),
            source: self.source.get_untracked().trim().to_owned(),
            role: if platform {
                Role::parse(&self.role.get_untracked()).unwrap_or_default()
            } else {
                Role::Learner
            },
            platform,
            courses,
            programs,
            active: self.active.get_untracked(),
            expires_on: day_of(self.expires),
            access_from: day_of(self.access_from),
            access_until: day_of(self.access_until),
        }
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

    fn save(self) {
        if self.busy.get_untracked() {
            return;
        }
        let mut input = self.input();
        let before = self.tried.get_value();
        let key = match before {
            Some((tried, key)) if tried == input => Some(key),
            _ => random_key(),
        };
        let Some(key) = key else {
            self.error.set(Some(ApiError::Internal));
            return;
        };
        self.tried.set_value(Some((input.clone(), key.clone())));
        input.idempotency_key = key;
        self.error.set(None);
        self.busy.set(true);
        let (slug, what) = (input.tenant.clone(), untrack(|| self.what()));
        spawn_local(async move {
            let answer = self.session.call(BlanksCreate { input }).await;
            self.busy.try_set(false);
            match answer {
                Ok(made) => {
                    self.tried.try_set_value(None);
                    self.saved.try_update(|saved| *saved += 1);
                    self.made.try_set(Some((slug, made, what)));
                    self.source.try_set(String::new());
                    focus("count");
                }
                Err(error) => {
                    let first = match &error {
                        ApiError::Invalid { fields, .. } => {
                            fields.first().map(|one| one.field.clone())
                        }
                        _ => None,
                    };
                    self.error.try_set(Some(error));
                    match first.as_deref() {
                        Some("target") => focus("course"),
                        Some(field) => focus(field),
                        None => {}
                    }
                }
            }
        });
    }
}

/// The form.
#[component]
pub fn BlankForm() -> impl IntoView {
    let making = Making::new();
    making.follow();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        making.save();
    };
    let wrong = move || making.error.with(|error| error.as_ref().map(refused));
    view! {
        <div class="stack" role="status">
            {move || making.made.get().map(made_view)}
        </div>
        <form class="card" novalidate=true on:submit=submit>
            <div class="card__body stack">
                {wrong} {fields(making)} <SeatsLine slug=making.tenant.first() changes=making.saved/>
                <div class="cluster">
                    <Button
                        kind=ButtonKind::Primary
                        button_type=ButtonType::Submit
                        busy=making.busy
                    >
                        "Make codes"
                    </Button>
                </div>
            </div>
        </form>
    }
}

fn made_view((slug, made, what): (String, BlanksMade, String)) -> AnyView {
    let href = batch_href(&slug, &made.source);
    let words = format!(
        "{} to {what} can be handed out.",
        count_of(
            u64::from(made.made),
            "blank invitation",
            "blank invitations"
        ),
    );
    view! {
        <Notice tone=Tone::Ok>
            {words} " " <a href=href>{format!("See the codes of {}", made.source)}</a>
        </Notice>
    }
    .into_any()
}

fn fields(making: Making) -> AnyView {
    let role = move || {
        // A course or a program makes learners.
        let alone =
            making.course.picked.with(Vec::is_empty) && making.program.picked.with(Vec::is_empty);
        let roles = [Role::Learner, Role::Instructor]
            .into_iter()
            .map(|role| SelectOption::new(role.as_str(), role_word(role)))
            .collect();
        alone.then(|| view! { <Select label="Role" value=making.role options=roles error=making.at("role")/> })
    };
    view! {
        <TextInput
            label="How many"
            id="count"
            value=making.count
            input_type="number"
            hint=Some("1 to 10,000. Each has a code of its own, good for one person.".to_owned())
            error=making.at("count")
        />
        <TextInput
            label="Source"
            id="source"
            value=making.source
            autocomplete="off"
            placeholder="Open day 2026"
            hint=Some("They are found by it, and so is who came by them.".to_owned())
            error=making.at("source")
        />
        <Switch checked=making.active hint="Off: the codes are made, but open nothing yet.">
            "Active"
        </Switch>
        {item_field("Course", "course", making.course, making.at("target"))}
        {item_field("Program", "program", making.program, making.at("target"))}
        <Combobox
            label="Platform"
            id="tenant"
            typed=making.tenant.typed
            picked=making.tenant.picked
            found=making.tenant.found
            most=1
            placeholder="Name of the tenant"
            error=making.at("tenant")
        />
        {role}
        {day_field("Expires on", "expires_on", making.expires, making.at("expires_on"))}
        {day_field("Access from", "access_from", making.access_from, making.at("access_from"))}
        {day_field("Access until", "access_until", making.access_until, making.at("access_until"))}
    }
    .into_any()
}

fn item_field(
    label: &'static str,
    id: &'static str,
    field: Field,
    error: Signal<Option<String>>,
) -> AnyView {
    view! {
        <Combobox
            label=label
            id=id
            typed=field.typed
            picked=field.picked
            found=field.found
            most=app::api::apps::MOST
            placeholder="Title or key"
            optional=true
            error=error
        />
    }
    .into_any()
}

fn day_field(
    label: &'static str,
    id: &'static str,
    value: RwSignal<String>,
    error: Signal<Option<String>>,
) -> AnyView {
    view! {
        <TextInput label=label id=id value=value input_type="date" optional=true error=error/>
    }
    .into_any()
}
