//! A row on its way to the server.

use super::limits::{CHUNK_BYTES, CHUNK_ROWS};
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
    /// Cells of the columns kept as metadata, in the order of the names that `begin` gave;
    /// empty ones at the end may be left off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<String>,
}

impl RowDraft {
    /// Bytes of the cells alone: what a submit may have of them is limited.
    #[must_use]
    pub fn cell_bytes(&self) -> usize {
        let cells = [
            &self.email,
            &self.first_name,
            &self.last_name,
            &self.role,
            &self.group,
            &self.courses,
            &self.programs,
            &self.expires_on,
            &self.external_id,
            &self.note,
        ];
        cells
            .into_iter()
            .chain(&self.metadata)
            .map(String::len)
            .sum()
    }
}

/// The next chunk of a submit: as many of the rows that come as may be in one, as the
/// JSON array that is sent. How many rows it has; none where none come.
///
/// # Errors
/// Where `serde_json` cannot write a row, which has not been seen.
pub fn next_chunk(
    rows: &mut dyn Iterator<Item = RowDraft>,
) -> Result<(u32, String), serde_json::Error> {
    let mut json = String::from("[");
    let mut count = 0;
    for row in rows.take(CHUNK_ROWS as usize) {
        let row = serde_json::to_string(&row)?;
        // A row that is alone over the limit has a chunk of its own.
        if count > 0 && json.len() + row.len() + 2 > CHUNK_BYTES {
            break;
        }
        if count > 0 {
            json.push(',');
        }
        json.push_str(&row);
        count += 1;
    }
    json.push(']');
    Ok((count, json))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: u32, note: usize) -> Vec<RowDraft> {
        let row = |row| RowDraft {
            row,
            note: "n".repeat(note),
            ..RowDraft::default()
        };
        (0..count).map(row).collect()
    }

    /// The chunks' rows; each chunk's text is what `serde_json` makes of its rows.
    fn cut(rows: &[RowDraft]) -> Vec<u32> {
        let mut cuts = Vec::new();
        let mut first = 0;
        while first < rows.len() {
            let (count, json) = next_chunk(&mut rows[first..].iter().cloned()).unwrap();
            let part = &rows[first..first + count as usize];
            assert_eq!(json, serde_json::to_string(part).unwrap());
            assert!(json.len() <= CHUNK_BYTES || count == 1);
            first += count as usize;
            cuts.push(count);
        }
        cuts
    }

    #[test]
    fn chunks_are_cut_by_rows_and_by_bytes() {
        assert_eq!(cut(&rows(2_001, 3)), [1_000, 1_000, 1]);
        let wide = cut(&rows(1_000, 6_000));
        assert_eq!(wide.iter().sum::<u32>(), 1_000);
        assert_eq!(wide.len(), 3);
        assert_eq!(cut(&rows(3, CHUNK_BYTES)), [1, 1, 1]);
        assert_eq!(
            next_chunk(&mut std::iter::empty()).unwrap(),
            (0, "[]".to_owned())
        );
    }

    #[test]
    fn only_cells_are_counted() {
        let mut row = rows(1, 5).remove(0);
        row.email = "é".to_owned();
        row.metadata = vec![String::new(), "12".to_owned()];
        assert_eq!(row.cell_bytes(), 9);
    }
}
