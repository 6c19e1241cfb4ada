//! The invitation's life: one stored status, guarded transitions.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value, in the order of the words in the product's document.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the database and the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads the word back.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// What somebody is invited to.
    InvitationKind {
        /// To become a member of a tenant.
        Platform = "platform",
        /// To a course.
        Course = "course",
        /// To a program.
        Program = "program",
    }
}

words! {
    /// How the invitation knows its invitee.
    Binding {
        /// A user with an account.
        User = "user",
        /// An address.
        Email = "email",
        /// Nobody yet: a redemption code.
        Blank = "blank",
    }
}

words! {
    /// The invitation's status; stored, never derived from booleans.
    InvitationStatus {
        /// Nobody is bound to it yet.
        Unassigned = "unassigned",
        /// Its mail goes out later.
        Scheduled = "scheduled",
        /// Waits for the person.
        Pending = "pending",
        /// The person said yes.
        Accepted = "accepted",
        /// The person said no.
        Declined = "declined",
        /// Its time ran out.
        Expired = "expired",
        /// An admin took it back.
        Revoked = "revoked",
    }
}

words! {
    /// The state of the newest mail of a bundle, an axis of its own.
    DeliveryStatus {
        /// Waits in the outbox.
        Queued = "queued",
        /// A worker holds the lease.
        Sending = "sending",
        /// The mail server took it.
        Sent = "sent",
        /// A passing refusal; it is tried again.
        Deferred = "deferred",
        /// A permanent refusal; never tried again.
        Bounced = "bounced",
        /// The recipient called it spam.
        Complained = "complained",
        /// The recipient asked never to be invited.
        Suppressed = "suppressed",
        /// Nobody knows whether the server took it; never blindly re-sent.
        Unknown = "unknown",
        /// Given up after the last try; stays visible.
        Dead = "dead",
    }
}

words! {
    /// What a link's token was minted for; several may be live at once.
    TokenPurpose {
        /// The invitation's mail.
        Mail = "mail",
        /// A reminder's mail.
        Reminder = "reminder",
        /// An admin copied it.
        Copy = "copy",
        /// The redemption code of a blank invitation, good for whoever has it.
        Code = "code",
    }
}

impl InvitationStatus {
    /// Live: `unassigned`, `scheduled`, `pending`; at most one per tenant, target and invitee (I2).
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Unassigned | Self::Scheduled | Self::Pending)
    }

    /// The status after `event`, or `None` where the machine refuses it.
    #[must_use]
    pub const fn after(self, event: InvitationEvent) -> Option<Self> {
        use InvitationEvent as E;
        match (self, event) {
            (Self::Unassigned, E::Assign) | (Self::Scheduled, E::Send) => Some(Self::Pending),
            (Self::Unassigned | Self::Pending, E::Accept) => Some(Self::Accepted),
            (Self::Pending, E::Decline) => Some(Self::Declined),
            (Self::Unassigned | Self::Scheduled | Self::Pending, E::Expire) => Some(Self::Expired),
            (Self::Unassigned | Self::Scheduled | Self::Pending, E::Revoke) => Some(Self::Revoked),
            _ => None,
        }
    }

    /// The status a bundle shows for its invitations: a live one wins, then accepted,
    /// declined, expired, revoked. `None` only for no invitations at all.
    #[must_use]
    pub fn of_bundle(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        const ORDER: [InvitationStatus; 7] = [
            InvitationStatus::Pending,
            InvitationStatus::Scheduled,
            InvitationStatus::Unassigned,
            InvitationStatus::Accepted,
            InvitationStatus::Declined,
            InvitationStatus::Expired,
            InvitationStatus::Revoked,
        ];
        all.into_iter()
            .min_by_key(|status| ORDER.iter().position(|one| one == status))
    }
}

/// What can happen to an invitation's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationEvent {
    /// An admin binds a blank one to a person.
    Assign,
    /// The scheduled time came.
    Send,
    /// The person accepts (a blank one: redeems).
    Accept,
    /// The person declines.
    Decline,
    /// Its time ran out.
    Expire,
    /// An admin takes it back.
    Revoke,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i7_final_statuses_never_change() {
        for &status in InvitationStatus::ALL
            .iter()
            .filter(|status| !status.is_live())
        {
            for event in [
                InvitationEvent::Assign,
                InvitationEvent::Send,
                InvitationEvent::Accept,
                InvitationEvent::Decline,
                InvitationEvent::Expire,
                InvitationEvent::Revoke,
            ] {
                assert_eq!(status.after(event), None, "{status:?} {event:?}");
            }
        }
    }

    #[test]
    fn words_read_back() {
        for &status in InvitationStatus::ALL {
            assert_eq!(InvitationStatus::parse(status.as_str()), Some(status));
        }
    }

    #[test]
    fn a_live_invitation_leads_its_bundle() {
        use InvitationStatus::{Accepted, Pending, Revoked};
        assert_eq!(
            InvitationStatus::of_bundle([Revoked, Pending, Accepted]),
            Some(Pending)
        );
        assert_eq!(
            InvitationStatus::of_bundle([Revoked, Accepted]),
            Some(Accepted)
        );
        assert_eq!(InvitationStatus::of_bundle([]), None);
    }
}
