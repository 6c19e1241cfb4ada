//! Cures for addresses: what an admin is offered with one key, never applied silently.

use super::email::{EmailRef, char_is_control, is_full_width, is_space, is_zero_width, spelled_at};

/// Accents of their own, the letters they follow, and the letters that results.
const COMPOSED: [(char, &str, &str); 13] = [
    ('\u{300}', "AEIOUNaeioun", "ÀÈÌÒÙǸàèìòùǹ"),
    (
        '\u{301}',
        "AEIOUYCLNRSZaeiouyclnrsz",
        "ÁÉÍÓÚÝĆĹŃŔŚŹáéíóúýćĺńŕśź",
    ),
    (
        '\u{302}',
        "AEIOUCGHJSWYaeioucghjswy",
        "ÂÊÎÔÛĈĜĤĴŜŴŶâêîôûĉĝĥĵŝŵŷ",
    ),
    ('\u{303}', "ANOIUanoiu", "ÃÑÕĨŨãñõĩũ"),
    ('\u{304}', "AEIOUaeiou", "ĀĒĪŌŪāēīōū"),
    ('\u{306}', "AGUagu", "ĂĞŬăğŭ"),
    ('\u{307}', "CEGZcegz", "ĊĖĠŻċėġż"),
    ('\u{308}', "AEIOUYaeiouy", "ÄËÏÖÜŸäëïöüÿ"),
    ('\u{30a}', "AUau", "ÅŮåů"),
    ('\u{30b}', "OUou", "ŐŰőű"),
    ('\u{30c}', "CDENRSTZcdenrstz", "ČĎĚŇŘŠŤŽčďěňřšťž"),
    ('\u{327}', "CSTcst", "ÇŞŢçşţ"),
    ('\u{328}', "AEIUaeiu", "ĄĘĮŲąęįų"),
];

/// Mistyped domains and what was meant, sorted by the mistyped one.
const DOMAIN_TYPOS: [(&str, &str); 44] = [
    ("gamil.com", "gmail.com"),
    ("gmai.com", "gmail.com"),
    ("gmail.cm", "gmail.com"),
    ("gmail.co", "gmail.com"),
    ("gmail.con", "gmail.com"),
    ("gmail.de", "gmail.com"),
    ("gmail.om", "gmail.com"),
    ("gmaill.com", "gmail.com"),
    ("gmal.com", "gmail.com"),
    ("gmali.com", "gmail.com"),
    ("gmaul.com", "gmail.com"),
    ("gmial.com", "gmail.com"),
    ("gmil.com", "gmail.com"),
    ("gnail.com", "gmail.com"),
    ("goglemail.com", "googlemail.com"),
    ("gogolemail.com", "googlemail.com"),
    ("hotmai.com", "hotmail.com"),
    ("hotmail.co", "hotmail.com"),
    ("hotmail.con", "hotmail.com"),
    ("hotmal.com", "hotmail.com"),
    ("hotmial.com", "hotmail.com"),
    ("hotnail.com", "hotmail.com"),
    ("hotrmail.com", "hotmail.com"),
    ("htomail.com", "hotmail.com"),
    ("iclod.com", "icloud.com"),
    ("icloud.co", "icloud.com"),
    ("icloud.con", "icloud.com"),
    ("icoud.com", "icloud.com"),
    ("otlook.com", "outlook.com"),
    ("outllok.com", "outlook.com"),
    ("outlok.com", "outlook.com"),
    ("outlook.co", "outlook.com"),
    ("outlook.con", "outlook.com"),
    ("outloook.com", "outlook.com"),
    ("outlouk.com", "outlook.com"),
    ("protonmal.com", "protonmail.com"),
    ("yaho.com", "yahoo.com"),
    ("yahoo.cm", "yahoo.com"),
    ("yahoo.co", "yahoo.com"),
    ("yahoo.con", "yahoo.com"),
    ("yahooo.com", "yahoo.com"),
    ("yhaoo.com", "yahoo.com"),
    ("yhoo.com", "yahoo.com"),
    ("ymial.com", "ymail.com"),
];

/// The longest entry of the table of typing mistakes, in bytes.
const TYPO_BYTES_MAX: usize = 14;

/// The domain that was probably meant, where the typed one is a well-known mistake.
pub fn domain_suggestion(domain: &str) -> Option<&'static str> {
    // Most domains are told apart by their length and first letter.
    let first = domain.as_bytes().first()?.to_ascii_lowercase();
    if domain.len() > TYPO_BYTES_MAX || !matches!(first, b'g'..=b'i' | b'o' | b'p' | b'y') {
        return None;
    }
    let mut buffer = [0_u8; TYPO_BYTES_MAX];
    let lower = &mut buffer[..domain.len()];
    lower.copy_from_slice(domain.as_bytes());
    lower.make_ascii_lowercase();
    DOMAIN_TYPOS
        .binary_search_by(|(typo, _)| typo.as_bytes().cmp(lower))
        .ok()
        .map(|i| DOMAIN_TYPOS[i].1)
}

/// The address that was probably meant: only returned where it is valid and differs
/// from the text.
pub fn cure(text: &str) -> Option<String> {
    let mut out: String = compose(text)
        .chars()
        .filter(|&c| !is_zero_width(c))
        .map(half_width)
        .collect();
    if let (Some(open), Some(close)) = (out.rfind('<'), out.rfind('>'))
        && open < close
    {
        out = out[open + 1..close].to_owned();
    }
    while let Some((start, end)) = (!out.contains('@')).then(|| spelled_at(&out)).flatten() {
        out.replace_range(start..end, "@");
    }
    out.retain(|c| !is_space(c) && !char_is_control(c));
    let trimmed = out.trim_matches(|c| matches!(c, '.' | ',' | ';' | ':' | '"' | '\'' | '<' | '>'));
    let mut out = trimmed
        .strip_prefix("mailto:")
        .unwrap_or(trimmed)
        .replace("..", ".");
    if let Some((local, domain)) = out.split_once('@')
        && let Some(meant) = domain_suggestion(domain)
    {
        out = format!("{local}@{meant}");
    }
    (out != text && EmailRef::parse(&out).is_ok()).then_some(out)
}

fn half_width(c: char) -> char {
    match c {
        '\u{3002}' | '\u{ff61}' => '.',
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ if is_full_width(c) => ' ',
        _ => c,
    }
}

/// Joins the accents of European languages to the letters before them.
fn compose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let joined =
            COMPOSED
                .iter()
                .find(|(mark, ..)| *mark == c)
                .and_then(|(_, bases, letters)| {
                    let last = out.chars().next_back()?;
                    let at = bases.chars().position(|base| base == last)?;
                    letters.chars().nth(at)
                });
        if let Some(letter) = joined {
            out.pop();
            out.push(letter);
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_are_sorted_and_fit() {
        assert!(DOMAIN_TYPOS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(
            DOMAIN_TYPOS
                .iter()
                .all(|(typo, _)| typo.len() <= TYPO_BYTES_MAX)
        );
        assert_eq!(domain_suggestion("GMIAL.com"), Some("gmail.com"));
        assert_eq!(domain_suggestion("gmail.com"), None);
    }

    #[test]
    fn composed_tables_are_parallel() {
        for (_, bases, letters) in COMPOSED {
            assert_eq!(bases.chars().count(), letters.chars().count());
        }
    }

    #[test]
    fn cures() {
        for (text, meant) in [
            ("ada at acme.test", "ada@acme.test"),
            ("ada (at) acme.test", "ada@acme.test"),
            ("a da@acme.test", "ada@acme.test"),
            ("ada\u{200b}@acme.test", "ada@acme.test"),
            ("ａｄａ＠ａｃｍｅ．ｔｅｓｔ", "ada@acme.test"),
            ("Ada L <ada@acme.test>", "ada@acme.test"),
            ("mailto:ada@acme.test", "ada@acme.test"),
            ("ada@gmial.com", "ada@gmail.com"),
            ("ada@acme.test.", "ada@acme.test"),
            ("rene\u{301}@acme.test", "rené@acme.test"),
        ] {
            assert_eq!(cure(text).as_deref(), Some(meant), "{text}");
        }
        assert_eq!(cure("ada@acme.test"), None);
        assert_eq!(cure("nothing"), None);
    }
}
