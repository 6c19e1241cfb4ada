//! The invitation's mail, as text and HTML.

use app::domain::{invitation::InvitationKind, time::Timestamp};
use askama::Template as _;

use super::{FailureClass, Mail, MailFailure, names};
use crate::{clock::Secret, services::Settings, storage::Letter};

#[derive(askama::Template)]
#[template(path = "invitation.html")]
struct Html<'v> {
    view: &'v View,
}

#[derive(askama::Template)]
#[template(path = "invitation.txt")]
struct Text<'v> {
    view: &'v View,
}

/// What both forms show; every text in it is inert already.
struct View {
    title: String,
    greeting: String,
    inviter: String,
    tenant: String,
    programs: Vec<String>,
    courses: Vec<String>,
    note: String,
    note_lines: Vec<String>,
    until: String,
    link: String,
    never: String,
    reminder: bool,
}

/// Writes the mail of one outbox entry. The link starts with the configured public
/// URL (S35), its token stands in the fragment, which no server sees (S08).
pub fn write(
    letter: &Letter,
    token: &Secret,
    settings: &Settings,
    now: Timestamp,
) -> Result<Mail, MailFailure> {
    let tenant = names::short(&letter.tenant_name);
    let inviter = match names::short(&letter.inviter) {
        inviter if inviter.is_empty() => tenant.clone(),
        inviter => inviter,
    };
    let subject = if letter.reminder {
        format!("Reminder: {inviter} invites you to {tenant}")
    } else {
        format!("{inviter} invites you to {tenant}")
    };
    let titles = |kind| {
        letter
            .items
            .iter()
            .filter(|(of, _)| *of == kind)
            .map(|(_, title)| names::name(title))
            .collect()
    };
    let note = names::note(&letter.note);
    let view = View {
        greeting: match names::name(&letter.first_name) {
            name if name.is_empty() => "Hello,".to_owned(),
            name => format!("Hello {name},"),
        },
        inviter: names::name(&inviter),
        tenant: names::name(&tenant),
        programs: titles(InvitationKind::Program),
        courses: titles(InvitationKind::Course),
        note_lines: note.lines().map(str::to_owned).collect(),
        note,
        until: until(letter.expires_at, &letter.time_zone),
        link: link(&settings.public_url, token),
        never: never_link(&settings.public_url, token),
        title: names::note(&subject),
        reminder: letter.reminder,
    };
    let broken = |error: askama::Error| {
        tracing::error!(%error, "the invitation's template");
        MailFailure::new(FailureClass::Permanent, "The mail could not be written.")
    };
    Ok(Mail {
        message_id: letter.message_id.clone(),
        from: settings.mail_from.clone(),
        to: letter.to.clone(),
        to_name: names::short(&format!("{} {}", letter.first_name, letter.last_name)),
        text: Text { view: &view }.render().map_err(broken)?,
        html: Html { view: &view }.render().map_err(broken)?,
        subject,
        date: now,
    })
}

/// `<public url>/i#<token>`.
#[must_use]
pub fn link(public_url: &str, token: &Secret) -> String {
    format!("{public_url}/i#{}", token.reveal())
}

/// `<public url>/never#<token>`: where somebody asks never to be invited again (S38).
#[must_use]
pub fn never_link(public_url: &str, token: &Secret) -> String {
    format!("{public_url}/never#{}", token.reveal())
}

/// Such as `23 December 2026, 23:59 (Europe/Berlin)`; UTC where the zone is unknown.
fn until(at: Timestamp, zone: &str) -> String {
    let (zone, name) = match jiff::tz::TimeZone::get(zone) {
        Ok(found) => (found, zone),
        Err(_) => (jiff::tz::TimeZone::UTC, "UTC"),
    };
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(at) => {
            let local = at.to_zoned_datetime(zone);
            format!("{} ({name})", local.strftime("%-d %B %Y, %H:%M"))
        }
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::domain::id::{BundleId, DeliveryId, TenantId};
    use uuid::Uuid;

    fn letter() -> Letter {
        Letter {
            id: DeliveryId(Uuid::nil()),
            tenant: TenantId(Uuid::nil()),
            bundle: BundleId(Uuid::nil()),
            message_id: "<1@beckon.test>".to_owned(),
            attempt: 1,
            tenant_name: "Acme Academy".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            inviter: "Ada Admin".to_owned(),
            to: "Mara@Example.test".to_owned(),
            first_name: "Mara".to_owned(),
            last_name: "Muster".to_owned(),
            note: String::new(),
            expires_at: Timestamp(1_798_066_740_000),
            items: vec![(InvitationKind::Course, "Fire safety".to_owned())],
            reminder: false,
            token_hash: [0; 32],
            secret: 0,
        }
    }

    fn settings() -> Settings {
        Settings {
            public_url: "https://learn.example.test".to_owned(),
            secure_cookies: true,
            demo: false,
            mail_configured: true,
            mail_from: "Beckon <no-reply@example.test>".to_owned(),
        }
    }

    fn written(letter: &Letter) -> (Mail, String) {
        let token = Secret::draw().unwrap();
        let mail = write(letter, &token, &settings(), Timestamp(0)).unwrap();
        let link = link("https://learn.example.test", &token);
        (mail, link)
    }

    #[test]
    fn both_forms_say_who_what_until_when_and_where() {
        let (mail, link) = written(&letter());
        assert_eq!(mail.subject, "Ada Admin invites you to Acme Academy");
        for form in [&mail.text, &mail.html] {
            for part in [
                "Ada Admin",
                "Acme Academy",
                "Fire safety",
                "Hello Mara,",
                "23 December 2026, 23:59 (Europe/Berlin)",
                &link,
            ] {
                assert!(form.contains(part), "{part} is missing in {form}");
            }
        }
    }

    #[test]
    fn s34_markup_and_addresses_in_names_are_inert() {
        let mut letter = letter();
        let evil = "<a href=\"http://evil.test\">x</a> http://evil.test www.evil.test";
        letter.inviter = evil.to_owned();
        letter.first_name = evil.to_owned();
        letter.tenant_name = evil.to_owned();
        letter.note = evil.to_owned();
        letter.items = vec![(InvitationKind::Course, evil.to_owned())];
        let (mail, link) = written(&letter);
        let targets: Vec<&str> = mail
            .html
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(!targets.is_empty());
        assert!(
            targets
                .iter()
                .all(|target| *target == link || *target == link.replace("/i#", "/never#")),
            "only the mail's own links are links: {targets:?}"
        );
        assert!(!mail.html.contains("evil.test"));
        assert!(!mail.text.contains("evil.test"));
    }

    #[test]
    fn a_reminder_says_that_it_is_one() {
        let mut letter = letter();
        let waits = "This is a reminder";
        let (mail, _) = written(&letter);
        assert!(!mail.text.contains(waits) && !mail.html.contains(waits));
        letter.reminder = true;
        let (mail, link) = written(&letter);
        assert_eq!(
            mail.subject,
            "Reminder: Ada Admin invites you to Acme Academy"
        );
        for form in [&mail.text, &mail.html] {
            assert!(form.contains(waits) && form.contains(&link), "{form}");
        }
    }

    #[test]
    fn an_unknown_zone_is_said_to_be_utc() {
        assert_eq!(
            until(Timestamp(0), "Mars/Olympus"),
            "1 January 1970, 00:00 (UTC)"
        );
    }
}
