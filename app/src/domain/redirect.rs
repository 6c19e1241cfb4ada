//! Where somebody goes after accepting: a path of this origin, and never anywhere else.

/// Longer ones are refused, in characters.
const LONGEST: usize = 500;

/// Reads a path; or why it is none. Empty is empty: there is none.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn parse(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    if text.chars().count() > LONGEST {
        return Err("At most 500 characters.");
    }
    // A browser reads `\\` as `/`, drops tabs and line ends, and takes `//` for a host.
    let leaves = !text.starts_with('/')
        || text.starts_with("//")
        || text.contains('\\')
        || text.chars().any(|c| c.is_control() || c.is_whitespace());
    if leaves {
        return Err("Only a page of this site: a path that begins with one /, such as /home.");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn s49_a_redirect_stays_on_the_origin() {
        for good in ["", "/", "/home", "/t/acme/x?y=1&z=https://a#b", "/über"] {
            assert_eq!(parse(good).as_deref(), Ok(good));
        }
        assert_eq!(parse("  /home ").as_deref(), Ok("/home"));
        for bad in [
            "//evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "https://evil.test",
            "https:evil.test",
            "HTTPS://evil.test",
            "javascript:alert(1)",
            "data:text/html,x",
            "evil.test",
            "home",
            "/\t/evil.test",
            "/a\n/b",
            "/\u{0}x",
            "/a b",
            "/\u{2028}x",
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
        assert!(parse(&format!("/{}", "x".repeat(500))).is_err());
    }
}
