//! A row on its way to the server.

use serde::{Deserialize, Serialize};

/// One row as submitted: the mapped cells as text, nothing trimmed or folded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowDraft {
    /// The grid's row id; comes back with the outcome.
    pub row: u32,
    /// Physical line in the file (header = 1), 0 for a row that was added.
    pub line: u32,
    /// Cell of the column mapped to `email`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// Cell of the column mapped to `first_name`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub first_name: String,
    /// Cell of the column mapped to `last_name`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_name: String,
    /// Cell of the column mapped to `role`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Cell of the column mapped to `group`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// Cell of the column mapped to `courses`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub courses: String,
    /// Cell of the column mapped to `programs`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub programs: String,
    /// Cell of the column mapped to `expires_on`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expires_on: String,
    /// Cell of the column mapped to `external_id`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub external_id: String,
    /// Cell of the column mapped to `note`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Columns kept as metadata, by their own names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<(String, String)>,
}
