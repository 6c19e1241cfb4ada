//! What it means that no mail server is set up.

use leptos::prelude::*;

use crate::{
    components::{Notice, Tone},
    session::use_session,
    when::when,
};

/// Said where people are invited; nothing where mails go out.
#[component]
pub fn NoMailNotice() -> impl IntoView {
    let session = use_session();
    let notice = || {
        view! {
            <Notice tone=Tone::Warn title="No mail server is set up.">
                "Invitations are made, but nobody is mailed. Once there is one, resend them."
            </Notice>
        }
        .into_any()
    };
    when(move || !session.mail_configured(), notice)
}
