//! What is wrong with a name, a username, a password: the same sentence in every form.

pub use app::domain::text::{name_problem, username_problem};

use super::password::{LONGEST, SHORTEST};

/// The longest a password may be, in characters.
const LONGEST_PASSWORD: usize = 128;

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
