//! Names and notes that people typed, made harmless for a mail (S33, S34).

/// The longest a name may be in a mail, in characters.
const LONGEST_NAME: usize = 80;
/// The longest a header's text may be, in characters.
const LONGEST_HEADER: usize = 200;
/// The longest a note may be, in characters.
const LONGEST_NOTE: usize = 2_000;

/// Characters that do something rather than show something: controls, line and
/// paragraph separators, and those that turn the direction of the text around.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}'
                | '\u{2029}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
        )
}

/// A text for a header: one line, at most 200 characters, and no encoded word of its own
/// (RFC 2047), in which a reader would find the line break again.
#[must_use]
pub fn header(text: &str) -> String {
    one_line(&text.replace("=?", "= ?"), LONGEST_HEADER)
}

/// A name for a header, such as the subject: one line, at most 80 characters.
#[must_use]
pub fn short(text: &str) -> String {
    one_line(text, LONGEST_NAME)
}

/// A name for the body: one line, at most 80 characters, and nothing in it that a
/// mail client would turn into a link by itself.
#[must_use]
pub fn name(text: &str) -> String {
    inert(&one_line(text, LONGEST_NAME))
}

/// A note for the body: lines are kept, at most 2,000 characters, no links.
#[must_use]
pub fn note(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let clean: String = text
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| *c == '\n' || !acts(*c))
        .collect();
    inert(&cut(clean.trim(), LONGEST_NOTE))
}

fn one_line(text: &str, longest: usize) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if acts(c) { ' ' } else { c })
        .collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    cut(&words.join(" "), longest)
}

fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(longest - 1).collect();
    short.push('…');
    short
}

/// Breaks what clients take for an address: a dot, an `@`, a colon or a slash of either
/// kind between letters gets an invisible space behind it. Dots are all those that the
/// domain name system or a client takes for one (RFC 3490 §3.1, and the small ones).
fn inert(text: &str) -> String {
    const BREAK: char = '\u{200b}';
    let mut safe = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        safe.push(c);
        let in_a_word = chars.peek().is_some_and(|next| !next.is_whitespace());
        let joins = matches!(
            c,
            '.' | '@' | ':' | '/' | '\\' | '。' | '．' | '｡' | '․' | '﹒' | '＠' | '：' | '／'
        );
        if in_a_word && joins {
            safe.push(BREAK);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s34_an_address_in_a_name_does_not_become_a_link() {
        for evil in [
            "http://evil.test",
            "www.evil.test",
            "evil.test/login",
            "eve@evil.test",
            "mailto:eve@evil.test",
        ] {
            let safe = name(evil);
            for link in ["://", "www.e", "evil.t", "@e", "mailto:e"] {
                assert!(!safe.contains(link), "{safe:?}");
            }
            assert_eq!(
                safe.replace('\u{200b}', ""),
                evil,
                "it still reads the same"
            );
        }
        assert_eq!(name("Acme Inc. Ltd."), "Acme Inc. Ltd.");
    }

    #[test]
    fn s33_names_are_one_short_line() {
        assert_eq!(short("Eve\r\nBcc: x\u{202e}\0"), "Eve Bcc: x");
        assert_eq!(short(&"é".repeat(10_000)).chars().count(), 80);
        assert_eq!(note("a\r\nb\rc\u{7}"), "a\nb\nc");
    }
}
