//! Small coloured words: what state a thing is in.

use leptos::prelude::*;

/// The meaning of a colour. Never the only carrier of that meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// No judgement.
    #[default]
    Neutral,
    /// Under way, for information.
    Info,
    /// Done, as hoped.
    Ok,
    /// Waiting, or worth a look.
    Warn,
    /// Failed, or needs somebody.
    Bad,
    /// The product's own colour.
    Accent,
}

impl Tone {
    /// The modifier class, shared by badges, chips, notices and bars.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Neutral => "tone-neutral",
            Self::Info => "tone-info",
            Self::Ok => "tone-ok",
            Self::Warn => "tone-warn",
            Self::Bad => "tone-bad",
            Self::Accent => "tone-accent",
        }
    }
}

/// A word on a soft ground, with a dot before it.
#[component]
pub fn Badge(
    /// What the colour says.
    tone: Tone,
    /// The word.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    view! { <span class=format!("badge {}", tone.class())>{label}</span> }
}

/// Every status an invitation or a delivery can show. Pages map the domain's
/// enums to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Unassigned,
    Scheduled,
    Pending,
    Accepted,
    Declined,
    Expired,
    Revoked,
    Inactive,
    Queued,
    Sending,
    Sent,
    Deferred,
    Bounced,
    Complained,
    Suppressed,
    Unknown,
    Dead,
}

impl Status {
    /// The word on the badge.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unassigned => "Unassigned",
            Self::Scheduled => "Scheduled",
            Self::Pending => "Pending",
            Self::Accepted => "Accepted",
            Self::Declined => "Declined",
            Self::Expired => "Expired",
            Self::Revoked => "Revoked",
            Self::Inactive => "Inactive",
            Self::Queued => "Queued",
            Self::Sending => "Sending",
            Self::Sent => "Sent",
            Self::Deferred => "Deferred",
            Self::Bounced => "Bounced",
            Self::Complained => "Complained",
            Self::Suppressed => "Suppressed",
            Self::Unknown => "Unknown",
            Self::Dead => "Dead",
        }
    }

    /// What its colour says.
    pub const fn tone(self) -> Tone {
        match self {
            Self::Pending | Self::Deferred | Self::Unknown => Tone::Warn,
            Self::Accepted | Self::Sent => Tone::Ok,
            Self::Declined | Self::Bounced | Self::Complained | Self::Dead => Tone::Bad,
            Self::Scheduled | Self::Queued | Self::Sending => Tone::Info,
            Self::Unassigned
            | Self::Expired
            | Self::Revoked
            | Self::Inactive
            | Self::Suppressed => Tone::Neutral,
        }
    }

    /// The dot's shape: a ring for what has not begun, a bar for what was
    /// stopped, so that two greys differ without colour.
    const fn mark(self) -> &'static str {
        match self {
            Self::Unassigned | Self::Scheduled | Self::Queued => "badge--ring",
            Self::Expired | Self::Revoked | Self::Inactive | Self::Suppressed => "badge--bar",
            Self::Sending => "badge--pulse",
            _ => "badge--dot",
        }
    }
}

/// The badge of a status: word, colour and dot belong together.
#[component]
pub fn StatusBadge(
    /// Which one.
    status: Status,
) -> impl IntoView {
    let class = format!("badge {} {}", status.mark(), status.tone().class());
    view! { <span class=class>{status.label()}</span> }
}
