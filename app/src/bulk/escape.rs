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

/// The name of a file of ours about another file: its stem in letters, figures, `-` and
/// `_`, so that it neither lies about its end nor starts anything.
pub fn file_name(about: &str, of: &str) -> String {
    let stem = of.rsplit_once('.').map_or(of, |(stem, _)| stem);
    let mut name = format!("beckon-{about}");
    let mut gap = true;
    for c in stem.chars().take(60) {
        if c.is_alphanumeric() || c == '_' {
            if std::mem::take(&mut gap) {
                name.push('-');
            }
            name.push(c);
        } else {
            gap = true;
        }
    }
    name.push_str(".csv");
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn s45_file_names_are_harmless() {
        let name = |of| file_name("failed", of);
        assert_eq!(
            name("Spring list (2).csv"),
            "beckon-failed-Spring-list-2.csv"
        );
        assert_eq!(
            name("=cmd|' /C calc'!A0.csv"),
            "beckon-failed-cmd-C-calc-A0.csv"
        );
        assert_eq!(
            name("/etc/pass\u{202e}wd\r\n"),
            "beckon-failed-etc-pass-wd.csv"
        );
        assert_eq!(name(""), "beckon-failed.csv");
        assert_eq!(name("Zoë.xlsx"), "beckon-failed-Zoë.csv");
    }

    #[test]
    fn s45_the_template_starts_no_formula() {
        let template = crate::bulk::template::template_csv();
        for cell in template.split([',', '\n', '\r']) {
            let cell = cell.trim_start_matches(['"', '\u{feff}']);
            assert!(matches!(escape(cell), Cow::Borrowed(_)), "{cell:?}");
        }
    }

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
