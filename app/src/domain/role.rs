//! The role of a member in a tenant.

use serde::{Deserialize, Serialize};

/// What a member may do in a tenant; the order is the order of power, so that
/// "up to one's own role" is `wanted <= own`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes courses.
    #[default]
    Learner,
    /// Teaches courses; invites nobody.
    Instructor,
    /// Runs the tenant: invites, sees people, changes settings.
    Admin,
}

impl Role {
    /// Every role, weakest first.
    pub const ALL: [Self; 3] = [Self::Learner, Self::Instructor, Self::Admin];

    /// The word in CSV files, the database and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Learner => "learner",
            Self::Instructor => "instructor",
            Self::Admin => "admin",
        }
    }

    /// Reads the word back; ASCII case does not matter.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str().eq_ignore_ascii_case(text))
    }
}
