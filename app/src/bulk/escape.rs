//! Files meant for spreadsheets: cells that a spreadsheet would run as formulas get a
//! leading `'`, and a column [`ESCAPED_COLUMN`] says so. Only where that column is
//! present does reading leave the `'` off again, so that a person's own is never lost.

use std::borrow::Cow;

/// The column that marks a file whose formula cells are escaped.
pub const ESCAPED_COLUMN: &str = "beckon_escaped";

/// The column of our files that says what is wrong with each row.
pub const PROBLEMS_COLUMN: &str = "beckon_problems";

/// The column of our files that says what became of each row.
pub const OUTCOME_COLUMN: &str = "beckon_outcome";

/// How the columns that we add to files start; read back, they are not submitted.
pub const OWN_PREFIX: &str = "beckon_";

/// Whether a spreadsheet may run a cell as a formula, or would be told from an escaped one.
fn is_risky(c: char) -> bool {
    matches!(
        c,
        '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠' | '\n' | '−'
    )
}

/// A cell as it may stand in a file for spreadsheets. A cell that starts with `'` before
/// such a character gets another one, so that reading back is exact.
pub fn escape(text: &str) -> Cow<'_, str> {
    let risky = text
        .trim_start_matches([' ', '\''])
        .chars()
        .next()
        .is_some_and(is_risky);
    if risky {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A cell of a file that has the column [`ESCAPED_COLUMN`], as it was.
pub fn unescape(text: &str) -> &str {
    match text.strip_prefix('\'') {
        // Only what would have been escaped is taken back.
        Some(rest) if matches!(escape(rest), Cow::Owned(_)) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn s43_formulas_are_neutralised() {
        for text in [
            "=1+1", "+49 30", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", " =1",
        ] {
            assert_eq!(escape(text), format!("'{text}"));
            assert_eq!(unescape(&escape(text)), text);
        }
        for text in ["", "a=b", "'quoted'", "49"] {
            assert_eq!(escape(text), text);
            assert_eq!(unescape(text), text);
        }
    }

    proptest! {
        #[test]
        fn s44_escaped_cells_come_back(text in "['=+@\t\r ＝a-]{0,6}|.*") {
            let escaped = escape(&text);
            prop_assert_eq!(unescape(&escaped), &text);
            let first = escaped.chars().next();
            prop_assert!(first.is_none_or(|c| !is_risky(c)));
        }
    }
}
