//! What the form shows: its fields, and what was saved.

use app::{
    api::apps::App,
    domain::{import::RowOutcome, role::Role},
};
use leptos::prelude::*;

use super::{Adding, Entry, LATER, MOST, NEVER, NOW, page_of};
use crate::{
    components::{
        Button, ButtonSize, Combobox, DateStyle, DateText, Dialog, Field as Labelled, FieldIds,
        Notice, Select, SelectOption, Switch, TextInput, Tone,
    },
    pages::data_manager::pick::Field,
    text::{count_of, role_word},
    when::when,
};

/// The fields of an app's form.
pub(super) fn fields(adding: Adding) -> AnyView {
    let app = adding.app;
    let more = adding.more();
    let roles = [Role::Learner, Role::Instructor, Role::Admin]
        .into_iter()
        .map(|role| SelectOption::new(role.as_str(), role_word(role)))
        .collect();
    let sends = [(NOW, "Now"), (LATER, "Later"), (NEVER, "Not at all")]
        .into_iter()
        .map(|(value, label)| SelectOption::new(value, label))
        .collect();
    let by_user = app != App::Placeholder;
    let email_hint = by_user.then(|| "Only for somebody who has no account.".to_owned());
    let user = by_user.then(|| {
        view! {
            <Combobox
                label="User"
                id="user"
                typed=adding.user.typed
                picked=adding.user.picked
                found=adding.user.found
                most=MOST
                placeholder="Name, email or username"
                error=adding.at("user")
            />
        }
    });
    let course = matches!(app, App::Course | App::Placeholder).then(|| {
        item_field(
            "Course",
            "course",
            adding.course,
            !by_user,
            adding.at("target"),
        )
    });
    let program = matches!(app, App::Program | App::Placeholder).then(|| {
        item_field(
            "Program",
            "program",
            adding.program,
            !by_user,
            adding.at("target"),
        )
    });
    let tenant_label = if matches!(app, App::Platform | App::Placeholder) {
        "Platform"
    } else {
        "Tenant"
    };
    view! {
        {user}
        <TextInput
            label="Email"
            id="email"
            value=adding.email
            input_type="email"
            autocomplete="off"
            optional=by_user
            hint=email_hint
            error=adding.at("email")
        />
        <Switch
            checked=adding.active
            hint="Off: it is made, but not mailed and cannot be accepted."
        >
            "Active"
        </Switch>
        {course}
        {program}
        <Combobox
            label=tenant_label
            id="tenant"
            typed=adding.tenant.typed
            picked=adding.tenant.picked
            found=adding.tenant.found
            most=1
            placeholder="Name of the tenant"
            error=adding.at("tenant")
        />
        <Select label="Role" value=adding.role options=roles error=adding.at("role")/>
        <TextInput
            label="Expires on"
            id="expires_on"
            value=adding.expires
            input_type="date"
            optional=true
            hint=Some("Empty: as many days as the tenant has it.".to_owned())
            error=adding.at("expires_on")
        />
        {(app != App::Platform)
            .then(|| {
                view! {
                    <TextInput
                        label="Access from"
                        id="access_from"
                        value=adding.access_from
                        input_type="date"
                        optional=true
                        error=adding.at("access_from")
                    />
                    <TextInput
                        label="Access until"
                        id="access_until"
                        value=adding.access_until
                        input_type="date"
                        optional=true
                        error=adding.at("access_until")
                    />
                }
            })}
        {area(
            ("Message", "note", "Plain text. The person reads it in the mail."),
            adding.note,
            adding.at("note"),
        )}
        <TextInput
            label="Source"
            id="source"
            value=more.source
            optional=true
            hint=Some("Where it comes from, such as a campaign. It stands in the lists.".to_owned())
            error=adding.at("source")
        />
        <TextInput
            label="Continue at"
            id="redirect"
            value=more.redirect
            optional=true
            placeholder="/home"
            hint=Some("A page of this site, offered to whoever accepts by the link.".to_owned())
            error=adding.at("redirect")
        />
        {area(
            ("Metadata", "metadata", "A line each, such as cost center: 4711."),
            more.metadata,
            adding.at("metadata"),
        )}
        <Select
            label="Send the mail"
            id="send"
            value=more.send
            options=sends
            hint=Some("Not at all: copy the link on the invitation's page.".to_owned())
        />
        {when(move || more.send.with(|send| send == LATER), move || later(adding))}
    }
    .into_any()
}

/// A field of several lines: its label, its id and its hint.
fn area(
    (label, id, hint): (&'static str, &str, &str),
    value: RwSignal<String>,
    error: Signal<Option<String>>,
) -> AnyView {
    let ids = FieldIds::new(Some(id.to_owned()));
    let own = ids.clone();
    let hint = Signal::stored(Some(hint.to_owned()));
    view! {
        <Labelled ids=ids.clone() label hint error optional=true>
            <textarea
                class="input"
                rows="3"
                id=ids.control.clone()
                prop:value=move || value.get()
                on:input:target=move |event| value.set(event.target().value())
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=move || own.described_by(true, error.with(Option::is_some))
            ></textarea>
        </Labelled>
    }
    .into_any()
}

/// The mail as it will look, by the template that writes it.
pub(super) fn preview_dialog(adding: Adding) -> AnyView {
    let more = adding.more();
    let footer = move || {
        view! { <Button on:click=move |_| more.preview_open.set(false)>"Close"</Button> }
    };
    view! {
        <Dialog open=more.preview_open title="The mail as it will look" footer>
            {move || {
                let preview = more.preview.get()?;
                Some(
                    view! {
                        <div class="stack">
                            <p>
                                <strong>{preview.subject}</strong>
                            </p>
                            <pre class="letter__text" role="region" aria-label="Text of the mail" tabindex="0">{preview.text}</pre>
                            <p class="muted">
                                "The mail has a button as well. The link here opens nothing: the real one is made when the mail is sent."
                            </p>
                        </div>
                    },
                )
            }}
        </Dialog>
    }
    .into_any()
}

/// When a mail goes out that does not go out now.
fn later(adding: Adding) -> AnyView {
    let more = adding.more();
    view! {
        <div class="cluster">
            <TextInput
                label="Send on"
                id="send_at"
                value=more.send_day
                input_type="date"
                error=adding.at("send_at")
            />
            <TextInput
                label="Send at"
                value=more.send_time
                input_type="time"
                hint=Some("By the tenant's clocks. Until then the person sees nothing of it.".to_owned())
            />
        </div>
    }
    .into_any()
}

fn item_field(
    label: &'static str,
    id: &'static str,
    field: Field,
    optional: bool,
    error: Signal<Option<String>>,
) -> AnyView {
    view! {
        <Combobox
            label=label
            id=id
            typed=field.typed
            picked=field.picked
            found=field.found
            most=MOST
            placeholder="Title or key"
            optional=optional
            error=error
        />
    }
    .into_any()
}

/// A line about somebody who was saved.
pub(super) fn entry_view(adding: Adding, entry: Entry) -> AnyView {
    let made = &entry.made;
    let exists = made.outcome == RowOutcome::AlreadyInvited;
    let (tone, words) = match made.outcome {
        RowOutcome::Created => (
            Tone::Ok,
            format!(
                "{} is invited to {} ({}){}",
                entry.who,
                entry.what,
                count_of(u64::from(made.made), "invitation", "invitations"),
                if made.send_at.is_some() {
                    ", scheduled for"
                } else {
                    "."
                }
            ),
        ),
        RowOutcome::AlreadyInvited => (
            Tone::Warn,
            format!(
                "{} is already invited to {}. Nothing was made: resend the mail, or open the \
                 invitation to extend it.",
                entry.who, entry.what
            ),
        ),
        RowOutcome::AlreadyMember => (
            Tone::Warn,
            format!(
                "{} already has {}. Nothing was made.",
                entry.who, entry.what
            ),
        ),
        _ => (
            Tone::Bad,
            format!("{} was not invited to {}.", entry.who, entry.what),
        ),
    };
    let message = made.message.clone();
    let later = made
        .send_at
        .map(|at| view! { <DateText at=at.0 style=DateStyle::Minute/> "." });
    let link = made.bundle.map(|bundle| {
        let words = if exists {
            "See and extend the invitation"
        } else {
            "See the invitation"
        };
        view! { <a href=page_of(&entry.slug, bundle)>{words}</a> }
    });
    let kept = StoredValue::new(entry);
    view! {
        <Notice tone>
            {words} " " {later} " " {message} " " {link} " "
            {when(
                move || exists,
                move || {
                    view! {
                        <Button
                            size=ButtonSize::Small
                            on:click=move |_| adding.resend(kept.get_value())
                        >
                            "Resend"
                        </Button>
                    }
                        .into_any()
                },
            )}
        </Notice>
    }
    .into_any()
}
