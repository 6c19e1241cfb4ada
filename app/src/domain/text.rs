//! What is wrong with a name, a username, a key, a title: the same sentence in every form, in
//! every list, and on the server.

/// The longest a name may be, in characters.
const LONGEST_NAME: usize = 100;
/// The longest a key of the catalog may be, in characters.
const LONGEST_KEY: usize = 64;
/// The longest a title may be, in characters.
const LONGEST_TITLE: usize = 200;

/// What is wrong with a first or last name, if anything.
#[must_use]
pub fn name_problem(name: &str) -> Option<&'static str> {
    if name.chars().count() > LONGEST_NAME {
        Some("A name has at most 100 characters.")
    } else if name.chars().any(char::is_control) {
        Some("A name has no line breaks or control characters.")
    } else {
        None
    }
}

/// What is wrong with a username in lower case, if anything.
#[must_use]
pub fn username_problem(username: &str) -> Option<&'static str> {
    let fits = (3..=32).contains(&username.len())
        && username
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'));
    (!fits)
        .then_some("A username has 3 to 32 of the characters a–z, 0–9, dot, hyphen and underscore.")
}

/// What is wrong with a trimmed key of the catalog, if anything.
#[must_use]
pub fn key_problem(key: &str) -> Option<&'static str> {
    if key.is_empty() {
        Some("Enter a key, such as BIO-101.")
    } else if key.chars().count() > LONGEST_KEY {
        Some("A key has at most 64 characters.")
    } else if key
        .chars()
        .any(|c| c == '|' || c.is_control() || c.is_whitespace())
    {
        Some("A key has no spaces and no |.")
    } else {
        None
    }
}

/// What is wrong with a trimmed title, if anything.
#[must_use]
pub fn title_problem(title: &str) -> Option<&'static str> {
    if title.is_empty() {
        Some("Enter a title.")
    } else if title.chars().count() > LONGEST_TITLE {
        Some("A title has at most 200 characters.")
    } else if title.chars().any(char::is_control) {
        Some("A title has no line breaks or control characters.")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_is_short_and_plain() {
        for good in ["ada", "ada.lovelace-1_2"] {
            assert_eq!(username_problem(good), None, "{good}");
        }
        let long = "a".repeat(33);
        for bad in [
            "ab",
            "Ada",
            "ada@acme.test",
            "a da",
            "édouard",
            long.as_str(),
        ] {
            assert!(username_problem(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn a_key_can_stand_in_a_list() {
        for good in ["BIO-101", "ü", "a.b/c"] {
            assert_eq!(key_problem(good), None, "{good}");
        }
        for bad in ["", "a b", "a|b", "a\u{7}", &"x".repeat(65)] {
            assert!(key_problem(bad).is_some(), "{bad}");
        }
    }
}
