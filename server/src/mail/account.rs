//! The mails about an account, as text and HTML.

use app::domain::time::Timestamp;
use askama::Template as _;

use super::{FailureClass, Mail, MailFailure, names};
use crate::{
    clock::Secret,
    jobs::account_mails::GOOD_MINUTES,
    services::Settings,
    storage::{AccountLetter, AccountMailPurpose},
};

#[derive(askama::Template)]
#[template(path = "account.html")]
struct Html<'v> {
    view: &'v View,
}

#[derive(askama::Template)]
#[template(path = "account.txt")]
struct Text<'v> {
    view: &'v View,
}

/// What both forms show; every text in it is inert already.
struct View {
    title: String,
    greeting: String,
    text: String,
    /// Empty where there is none.
    link: String,
    /// On the link's button.
    button: &'static str,
    /// Empty where there is none.
    code: String,
    /// About the link or the code; empty where there is none.
    until: String,
    foot: &'static str,
}

/// Writes the mail of one entry. Its link starts with the configured public URL (S35),
/// a token stands in the fragment, which no server sees (S08).
///
/// # Errors
/// `Permanent` where a template fails, or the secret is missing.
pub fn write(
    letter: &AccountLetter,
    secret: Option<&Secret>,
    settings: &Settings,
    now: Timestamp,
) -> Result<Mail, MailFailure> {
    let broken = || MailFailure::new(FailureClass::Permanent, "The mail could not be written.");
    let secret = secret.map(Secret::reveal);
    let url = &settings.public_url;
    let (subject, text, link, button, code, foot) = match letter.purpose {
        AccountMailPurpose::Reset => (
            "Choose a new password",
            "Somebody, most likely you, asked for a new password for your account. Open the \
             link to choose one. Every session that is open elsewhere ends with it.",
            format!("{url}/reset#{}", secret.ok_or_else(broken)?),
            "Choose a new password",
            "",
            "If you did not ask for it, do nothing: your password stays as it is.",
        ),
        AccountMailPurpose::Verify | AccountMailPurpose::Change => (
            "Your code to confirm this address",
            "Type this code where you were asked for it. It confirms that this address is yours.",
            String::new(),
            "",
            secret.ok_or_else(broken)?,
            "If you did not ask for it, do nothing, and give the code to nobody: without it \
             nothing happens.",
        ),
        AccountMailPurpose::Changed => (
            "The address of your account was changed",
            "Your account has another e-mail address from now on. Mails about it, and links to \
             choose a new password, go there and no longer here.",
            String::new(),
            "",
            "",
            "If that was not you, tell the people who run this site at once.",
        ),
        AccountMailPurpose::Taken => (
            "This address has an account already",
            "Somebody wanted to give this address to another account. It is the address of an \
             account already, and that stays so. If both accounts are yours, sign in with this \
             address; with Forgot password? if need be.",
            format!("{url}/sign-in"),
            "Sign in",
            "",
            "If you know nothing of it, do nothing: nothing was changed.",
        ),
    };
    let until = if secret.is_some() && letter.purpose == AccountMailPurpose::Reset {
        format!("The link works once, and for {GOOD_MINUTES} minutes.")
    } else if !code.is_empty() {
        format!("The code is good for {GOOD_MINUTES} minutes.")
    } else {
        String::new()
    };
    // Whoever has the address of `Taken` is not whose account the mail is about.
    let to_owner = letter.purpose != AccountMailPurpose::Taken;
    let view = View {
        title: subject.to_owned(),
        greeting: match names::name(&letter.first_name) {
            name if name.is_empty() || !to_owner => "Hello,".to_owned(),
            name => format!("Hello {name},"),
        },
        text: text.to_owned(),
        link,
        button,
        code: code.to_owned(),
        until,
        foot,
    };
    let failed = |error: askama::Error| {
        tracing::error!(%error, "the template of a mail about an account");
        broken()
    };
    let name = format!("{} {}", letter.first_name, letter.last_name);
    Ok(Mail {
        message_id: letter.message_id.clone(),
        from: settings.mail_from.clone(),
        to: letter.to.clone(),
        to_name: if to_owner {
            names::short(&name)
        } else {
            String::new()
        },
        subject: subject.to_owned(),
        text: Text { view: &view }.render().map_err(failed)?,
        html: Html { view: &view }.render().map_err(failed)?,
        date: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::domain::id::DeliveryId;
    use uuid::Uuid;

    fn letter(purpose: AccountMailPurpose) -> AccountLetter {
        AccountLetter {
            id: DeliveryId(Uuid::nil()),
            purpose,
            message_id: "<1@beckon.test>".to_owned(),
            attempt: 1,
            to: "Mara@Example.test".to_owned(),
            first_name: "Mara http://evil.test".to_owned(),
            last_name: "Muster".to_owned(),
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

    #[test]
    fn a_link_or_a_code_stands_in_both_forms_and_nothing_else_is_a_link() {
        let link = Secret::draw().unwrap();
        let code = Secret::draw_code().unwrap();
        for (purpose, secret) in [
            (AccountMailPurpose::Reset, Some(&link)),
            (AccountMailPurpose::Verify, Some(&code)),
            (AccountMailPurpose::Change, Some(&code)),
            (AccountMailPurpose::Changed, None),
            (AccountMailPurpose::Taken, Some(&code)),
        ] {
            let mail = write(&letter(purpose), secret, &settings(), Timestamp(0)).unwrap();
            for form in [&mail.text, &mail.html] {
                if let Some(secret) = secret {
                    // Whoever has the address of `Taken` gets no code for another's account.
                    let shown = purpose != AccountMailPurpose::Taken;
                    assert_eq!(form.contains(secret.reveal()), shown, "{purpose:?}: {form}");
                }
                assert!(!form.contains("evil.test"), "{purpose:?}");
            }
            assert!(
                mail.html
                    .split("href=\"")
                    .skip(1)
                    .all(|rest| rest.starts_with("https://learn.example.test/"))
            );
        }
        assert!(
            write(
                &letter(AccountMailPurpose::Reset),
                None,
                &settings(),
                Timestamp(0)
            )
            .is_err()
        );
    }
}
