//! The header row: which one it is, and headers that look like something they are not.

use super::mapping::{Field, Reason, fold, looks_like_email, match_header};

/// The header among a file's first rows; `None` where the first row has an address and so
/// is data. After title lines it is the first row that names an e-mail column, else the
/// first that names two fields, under nothing but rows with one filled cell.
pub(super) fn find_header(head: &[Vec<String>]) -> Option<u32> {
    let filled = |row: &[String]| {
        row.iter()
            .filter(|c| !c.trim_matches(' ').is_empty())
            .count()
    };
    let known = |row: &[String], field: Option<Field>| {
        row.iter()
            .filter_map(|cell| match_header(cell).0)
            .filter(|found| field.is_none_or(|field| field == *found))
            .count()
    };
    let before = head
        .iter()
        .take_while(|row| !row.iter().any(|cell| looks_like_email(cell)))
        .count();
    let head = &head[..before];
    let email = |row: &Vec<String>| known(row, Some(Field::Email)) > 0;
    // A title may be a single word such as “E-mails”, and a list a single column.
    head.iter()
        .position(|row| email(row) && filled(row) > 1)
        .or_else(|| head.iter().position(email))
        .or_else(|| {
            let titles = head.iter().take_while(|row| filled(row) < 2).count();
            head.get(titles)
                .filter(|row| known(row, None) > 1)
                .map(|_| titles)
        })
        .or((before > 0).then_some(0))
        .map(|row| row as u32)
}

/// What Beckon decides by itself, folded: a column of this name sets nothing.
const RESERVED: [&str; 12] = [
    "tenant",
    "tenantid",
    "tenantslug",
    "status",
    "invitationstatus",
    "invitationid",
    "inviter",
    "invitedby",
    "token",
    "acceptedat",
    "superadmin",
    "password",
];

/// Whether a header names what no file can set.
pub(super) fn is_reserved(header: &str) -> bool {
    RESERVED.contains(&fold(header).as_str())
}

/// Letters of other alphabets, and the ASCII ones that they look like.
const FOREIGN: &str = "аАВеЕкКМНоОрРсСтТуУхХіІјЈѕЅһԁԛԝӏѵΑΒΕΖΗΙΚΜΝοΟρΡΤυΥΧανικτϲϳıɑɡ";
const ALIKE: &str = "aabeekkmhooppccttyyxxiijjsshdqwlvabezhikmnoopptuyxaviktcjiag";

/// A header in the plain letters that it looks like; `None` where it has them already,
/// or others than look-alikes. Invisible characters are left off, full-width forms and
/// letters such as the Cyrillic а become ASCII.
pub(super) fn looks_like(header: &str) -> Option<String> {
    if header.is_ascii() {
        return None;
    }
    let mut plain = String::new();
    let mut changed = false;
    for c in header.chars() {
        let ascii = match c {
            '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' => {
                changed = true;
                continue;
            }
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0),
            c => FOREIGN
                .chars()
                .position(|foreign| foreign == c)
                .map(|at| char::from(ALIKE.as_bytes()[at])),
        };
        changed |= ascii.is_some();
        plain.push(ascii.unwrap_or(c));
    }
    changed.then_some(plain)
}

/// What a header seems to be and is not: a name that Beckon knows, in other characters.
pub(super) fn known_look_alike(header: &str) -> Option<String> {
    let plain = looks_like(header)?;
    let known =
        is_reserved(&plain) || matches!(match_header(&plain).1, Reason::Exact | Reason::Alias);
    known.then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<u32> {
        let head: Vec<Vec<String>> = text
            .lines()
            .map(|line| line.split(',').map(str::to_owned).collect())
            .collect();
        find_header(&head)
    }

    #[test]
    fn title_lines_stand_above_the_header() {
        for (text, header) in [
            ("email,name\na@x.test,Ada", Some(0)),
            ("a@x.test,Ada\nb@x.test,Bob", None),
            (
                "List of people\nas of May\nemail,name\na@x.test,Ada",
                Some(2),
            ),
            ("E-mails,\nE-Mail,Vorname\na@x.test,Ada", Some(1)),
            (
                "Participants\nVorname,Nachname,Rolle\nAda,L,learner",
                Some(1),
            ),
            ("email\na@x.test", Some(0)),
            ("Title\nemail\na@x.test", Some(1)),
            ("Spring,2026\nfirst_name,last_name\nAda,L", Some(0)),
            ("phone,city\n1,Bern", Some(0)),
            ("email,role\nbad,worse", Some(0)),
            ("", None),
        ] {
            assert_eq!(found(text), header, "{text}");
        }
    }

    #[test]
    fn s41_look_alikes_of_known_names_are_told() {
        assert_eq!(FOREIGN.chars().count(), ALIKE.len());
        for (header, plain) in [
            ("rоle", "role"),
            ("еmail", "email"),
            ("em\u{200b}ail", "email"),
            ("ｅｍａｉｌ", "email"),
            ("tenant＿id", "tenant_id"),
            ("ѕtatuѕ", "status"),
            ("ΕΜΑΙL", "emaiL"),
        ] {
            assert_eq!(known_look_alike(header).as_deref(), Some(plain), "{header}");
        }
        for header in [
            "role",
            "email",
            "роль",
            "имя",
            "курс",
            "Prénom",
            "メール",
            "Ελλάδα",
            "Größe",
            "",
        ] {
            assert_eq!(known_look_alike(header), None, "{header}");
        }
        assert!(is_reserved("Tenant ID") && is_reserved("status") && !is_reserved("statute"));
    }
}
