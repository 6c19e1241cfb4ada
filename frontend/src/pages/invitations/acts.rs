//! What can be done to one invitation, each asked about first; the list's lines and the
//! page of one share it.

use std::sync::Arc;

use app::{
    api::invitations::{
        BundleLine, BundleRef, ExtendBundle, InvitationsActivate, InvitationsDeactivate,
        InvitationsExtend, InvitationsReinvite, InvitationsRemind, InvitationsResend,
        InvitationsRevoke,
    },
    domain::{id::BundleId, time::CivilDate},
};
use leptos::{prelude::*, task::spawn_local};

use super::extend::{ExtendDialog, Extending};
use crate::{
    components::{ButtonKind, ToastStore, use_toasts},
    pages::ask::{Ask, Asking, Question},
    session::{Session, use_session},
    tenant::{Tenant, use_tenant},
    text::failure,
};

/// What can be done; what cannot be taken back is asked about first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Resend,
    /// What is scheduled.
    SendNow,
    Remind,
    Extend,
    Activate,
    Deactivate,
    Revoke,
    /// What came to an end.
    Reinvite,
}

impl Act {
    /// On its button.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Resend => "Resend",
            Self::SendNow => "Send now",
            Self::Remind => "Remind",
            Self::Extend => "Extend",
            Self::Activate => "Activate",
            Self::Deactivate => "Deactivate",
            Self::Revoke => "Revoke",
            Self::Reinvite => "Invite again",
        }
    }
}

/// The invitation that is acted on.
#[derive(Clone)]
pub struct One {
    /// Its tenant's slug.
    pub tenant: String,
    /// The bundle.
    pub bundle: BundleId,
    /// Whom the question names.
    pub who: String,
    /// Takes the answer in.
    pub take: Arc<dyn Fn(BundleLine) + Send + Sync>,
}

/// What the buttons share. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Actions {
    pub session: Session,
    pub toasts: ToastStore,
    pub tenant: StoredValue<Tenant>,
    pub asking: Asking,
    pub extending: Extending,
}

impl Actions {
    /// For the tenant in the context.
    pub fn new() -> Self {
        Self {
            session: use_session(),
            toasts: use_toasts(),
            tenant: StoredValue::new(use_tenant()),
            asking: Asking::new(),
            extending: Extending::new(),
        }
    }

    /// Asks, does it, and hands the answer over.
    pub fn ask(self, act: Act, one: One) {
        let who = one.who.clone();
        let (title, kind, text) = match act {
            Act::Resend => (
                format!("Resend the invitation to {who}?"),
                ButtonKind::Primary,
                "A new mail goes out. The links in the mails sent before stop working. \
                 This cannot be undone.",
            ),
            Act::SendNow => (
                format!("Send the invitation to {who} now?"),
                ButtonKind::Primary,
                "The mail goes out now instead of at its time. This cannot be undone.",
            ),
            Act::Reinvite => (
                format!("Invite {who} again?"),
                ButtonKind::Primary,
                "A new invitation to the same is made in your name, and mailed if this one \
                 was. This one stays as it is, and each leads to the other.",
            ),
            Act::Remind => (
                format!("Remind {who}?"),
                ButtonKind::Primary,
                "A reminder goes out with a link of its own; the links sent before go on \
                 working. One person is reminded three times at most. This cannot be undone.",
            ),
            Act::Activate | Act::Deactivate => {
                spawn_local(self.act(act, one));
                return;
            }
            Act::Extend => {
                self.extending.ask(
                    format!("Extend the invitation of {who}?"),
                    Arc::new(move |until| Box::pin(self.extend(one.clone(), until))),
                );
                return;
            }
            Act::Revoke => (
                format!("Revoke the invitation of {who}?"),
                ButtonKind::Danger,
                "Every link to this invitation stops working. What was accepted stays. \
                 This cannot be undone.",
            ),
        };
        self.asking.ask(Question {
            title,
            word: act.word(),
            kind,
            text: text.to_owned(),
            act: Arc::new(move || Box::pin(self.act(act, one.clone()))),
        });
    }

    async fn act(self, act: Act, one: One) {
        let input = BundleRef {
            tenant: one.tenant.clone(),
            bundle: one.bundle,
        };
        let answer = match act {
            Act::Revoke => self.session.call(InvitationsRevoke { input }).await,
            Act::Reinvite => self.session.call(InvitationsReinvite { input }).await,
            Act::Remind => self.session.call(InvitationsRemind { input }).await,
            Act::Activate => self.session.call(InvitationsActivate { input }).await,
            Act::Deactivate => self.session.call(InvitationsDeactivate { input }).await,
            Act::Resend | Act::SendNow | Act::Extend => {
                self.session.call(InvitationsResend { input }).await
            }
        };
        match answer {
            Ok(data) => self.done(
                &one,
                match act {
                    Act::Revoke => format!("The invitation of {} is revoked.", data.email),
                    Act::Activate => format!("The invitation of {} is active again.", data.email),
                    Act::Deactivate => format!(
                        "The invitation of {} is inactive: no mail, and nobody accepts it.",
                        data.email
                    ),
                    Act::Reinvite => format!("{} is invited again.", data.email),
                    Act::Remind => format!("A reminder goes to {}.", data.email),
                    Act::SendNow => format!("The mail to {} goes out.", data.email),
                    Act::Resend | Act::Extend => format!("A new mail goes to {}.", data.email),
                },
                data,
            ),
            Err(error) => self.toasts.error(failure(&error)),
        }
    }

    /// Why it was refused, for the dialog to show.
    async fn extend(self, one: One, until: CivilDate) -> Option<String> {
        let input = ExtendBundle {
            tenant: one.tenant.clone(),
            bundle: one.bundle,
            until,
        };
        match self.session.call(InvitationsExtend { input }).await {
            Ok(data) => {
                let said = format!("The invitation of {} ends later now.", data.email);
                self.done(&one, said, data);
                None
            }
            Err(error) => Some(failure(&error)),
        }
    }

    fn done(self, one: &One, said: String, data: BundleLine) {
        self.toasts.success(said);
        (one.take)(data);
        if let Some(tenant) = self.tenant.try_get_value() {
            tenant.changed();
        }
    }
}

/// The dialogs of [`Actions`]. Once for each.
#[component]
pub fn Acts(
    /// Where they are asked for.
    actions: Actions,
) -> impl IntoView {
    view! {
        <Ask asking=actions.asking/>
        <ExtendDialog extending=actions.extending/>
    }
}
