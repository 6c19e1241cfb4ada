//! What became of each submitted row.

use serde::{Deserialize, Serialize};

/// A row's outcome, in the order of precedence: the first that applies wins.
/// The outcomes of an import add up to its rows (I1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    /// The submitter may not do this (a role above the own one).
    Forbidden,
    /// The row breaks a rule; its problems say which.
    Invalid,
    /// The person asked never to be invited.
    Suppressed,
    /// Over the tenant's seats or a quota.
    OverLimit,
    /// The same address with the same targets stands in an earlier row.
    DuplicateInFile,
    /// A new bundle.
    Created,
    /// A pending bundle gained targets.
    Updated,
    /// Everything asked for is already pending.
    AlreadyInvited,
    /// The person already has everything asked for.
    AlreadyMember,
}

impl RowOutcome {
    /// Every outcome, by precedence.
    pub const ALL: [Self; 9] = [
        Self::Forbidden,
        Self::Invalid,
        Self::Suppressed,
        Self::OverLimit,
        Self::DuplicateInFile,
        Self::Created,
        Self::Updated,
        Self::AlreadyInvited,
        Self::AlreadyMember,
    ];

    /// The word in the database and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forbidden => "forbidden",
            Self::Invalid => "invalid",
            Self::Suppressed => "suppressed",
            Self::OverLimit => "over_limit",
            Self::DuplicateInFile => "duplicate_in_file",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::AlreadyInvited => "already_invited",
            Self::AlreadyMember => "already_member",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    /// True where the row stays in the grid to be corrected.
    #[must_use]
    pub const fn failed(self) -> bool {
        matches!(
            self,
            Self::Forbidden
                | Self::Invalid
                | Self::Suppressed
                | Self::OverLimit
                | Self::DuplicateInFile
        )
    }
}

/// What to do with the rows that fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmitMode {
    /// Nothing is created unless every row can be.
    AllOrNothing,
    /// What is valid is created now, the rest stays in the grid.
    ValidNow,
}

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Chunks are still arriving.
    Receiving,
    /// The job or the transaction is at work.
    Committing,
    /// Every row has its outcome.
    Done,
    /// `AllOrNothing` found a row that fails: outcomes say which, nothing was created.
    Rejected,
    /// The job could not go on; rows may have been invited before, and it can be tried again.
    Failed,
    /// What it made is being taken back.
    Undoing,
    /// What it made was taken back, but for what was accepted before.
    Undone,
}

impl ImportState {
    /// The word in the database and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Committing => "committing",
            Self::Done => "done",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Receiving,
            Self::Committing,
            Self::Done,
            Self::Rejected,
            Self::Failed,
            Self::Undoing,
            Self::Undone,
        ]
        .into_iter()
        .find(|one| one.as_str() == text)
    }
}
