//! What is wrong with a name, a username, a password: the same sentence in every form.

use super::password::{LONGEST, SHORTEST};

/// The longest a name may be, in characters.
const LONGEST_NAME: usize = 100;
/// The longest a password may be, in characters.
const LONGEST_PASSWORD: usize = 128;

/// What is wrong with a first or last name, if anything.
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
pub fn username_problem(username: &str) -> Option<&'static str> {
    let fits = (3..=32).contains(&username.len())
        && username
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'));
    (!fits)
        .then_some("A username has 3 to 32 of the characters a–z, 0–9, dot, hyphen and underscore.")
}

/// What is wrong with a new password for the account of these addresses, if anything.
pub fn password_problem(password: &str, addresses: &[&str]) -> Option<&'static str> {
    if password.chars().count() < SHORTEST {
        Some("A password has at least 10 characters.")
    } else if password.chars().count() > LONGEST_PASSWORD || password.len() > LONGEST {
        Some("A password has at most 128 characters.")
    } else if addresses
        .iter()
        .any(|address| password.eq_ignore_ascii_case(address))
    {
        Some("Choose something other than your e-mail address.")
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
}
