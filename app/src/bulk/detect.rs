//! Which delimiter a file uses.

/// The delimiters that are looked for, the likeliest first.
pub const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A first line `sep=;`: its delimiter, and where the next line starts.
pub(super) fn separator_line(bytes: &[u8]) -> Option<(u8, usize)> {
    let (head, rest) = bytes.split_at_checked(5)?;
    let delimiter = head[4];
    if !head[..4].eq_ignore_ascii_case(b"sep=") || matches!(delimiter, b'"' | b'\r' | b'\n') {
        return None;
    }
    match rest {
        [] => Some((delimiter, 5)),
        [b'\r', b'\n', ..] => Some((delimiter, 7)),
        [b'\r' | b'\n', ..] => Some((delimiter, 6)),
        _ => None,
    }
}

/// The delimiter that cuts the head of a file most evenly; a comma where none does.
/// `whole` says that the head is all there is, so that its last line is complete.
pub fn detect_delimiter(head: &[u8], whole: Whole) -> u8 {
    let mut best = (b',', 0);
    for delimiter in DELIMITERS {
        let score = score(head, delimiter, whole);
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    best.0
}

/// Whether the head that is looked at is the whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// The file ends with the head.
    Yes,
    /// The last line may go on.
    No,
}

/// How well a delimiter fits: records that agree on a number of columns, weighted by
/// that number so that a list inside a column does not win over the columns.
fn score(head: &[u8], delimiter: u8, whole: Whole) -> usize {
    const COLUMNS: usize = 64;
    let mut records_with = [0_usize; COLUMNS];
    let (mut columns, mut quoted, mut field_start, mut empty) = (1_usize, false, true, true);
    for &byte in head {
        if quoted {
            quoted = byte != b'"';
            continue;
        }
        if byte == b'\n' || byte == b'\r' {
            if !empty {
                records_with[columns.min(COLUMNS - 1)] += 1;
            }
            (columns, field_start, empty) = (1, true, true);
            continue;
        }
        empty = false;
        if byte == delimiter {
            columns += 1;
            field_start = true;
        } else if byte == b'"' && field_start {
            // The field's start lasts through its quotes, so that a doubled quote,
            // which closes and opens again, comes to the same.
            quoted = true;
        } else {
            field_start = false;
        }
    }
    let mut records: usize = records_with.iter().sum();
    if !empty && (whole == Whole::Yes || records == 0) {
        records_with[columns.min(COLUMNS - 1)] += 1;
        records += 1;
    }
    records_with
        .iter()
        .enumerate()
        .skip(2)
        .map(|(columns, agreeing)| agreeing * (8 + columns.min(24)) * 1000 / records.max(1))
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters() {
        for (text, delimiter) in [
            ("email,name\na@x.test,Ada\n", b','),
            ("email;name\na@x.test;\"Lovelace, Ada\"\n", b';'),
            ("email\tname\na@x.test\tAda, Countess\n", b'\t'),
            ("email|name\na@x.test|Ada\n", b'|'),
            ("email,courses\na@x.test,a|b\nb@x.test,c|d\n", b','),
            ("email\na@x.test\n", b','),
            ("", b','),
            ("email;note\na@x.test;\"one, two\n, three, four\"\n", b';'),
        ] {
            let found = detect_delimiter(text.as_bytes(), Whole::Yes);
            assert_eq!(char::from(found), char::from(delimiter), "{text:?}");
        }
    }

    #[test]
    fn separator_lines() {
        assert_eq!(separator_line(b"sep=;\r\nx"), Some((b';', 7)));
        assert_eq!(separator_line(b"SEP=|\nx"), Some((b'|', 6)));
        assert_eq!(separator_line(b"sep=;x"), None);
        assert_eq!(separator_line(b"sep"), None);
    }
}
