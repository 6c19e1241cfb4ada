//! The identity of an e-mail address: the one place that computes it.
//!
//! **The rule.**
//! - ASCII spaces at both ends are left off; nothing else is ever folded silently.
//! - Local part: dot-atoms of RFC 5322 (no quoted strings), at most 64 bytes. ASCII
//!   letters are lowercased, the rest stays exact: plus-tags and dots make different
//!   addresses. Beyond ASCII only letters and figures are accepted that are their
//!   own NFC form and cannot become part of another (see `is_stable_letter`), so what
//!   is accepted is NFC without any table; a combining mark, the Kelvin sign, a
//!   presentation form and the like are the problem [`EmailProblem::LetterForm`].
//! - Domain: at least two labels of letters, figures and hyphens; lowercased; a label
//!   beyond ASCII becomes its A-label (punycode) after lowercasing, from the same
//!   letters; no other mapping (ß stays ß). At most 253 bytes; no address literals.
//! - Zero-width, full-width and control characters and inner spaces are problems of
//!   their own, with a cure in [`super::email_cure`].
//! - Mail goes to the address as typed; identity is compared by the canonical bytes.

use super::punycode;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// The longest local part, in bytes (RFC 5321 4.5.3.1.1).
pub const LOCAL_BYTES_MAX: usize = 64;
/// The longest domain as an A-label, in bytes.
pub const DOMAIN_BYTES_MAX: usize = 253;
/// The longest address, in bytes, typed or canonical (RFC 5321 4.5.3.1.3 less the brackets).
pub const ADDRESS_BYTES_MAX: usize = 254;
const LABEL_BYTES_MAX: usize = 63;

/// Why a text is not one e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailProblem {
    /// Nothing, or spaces alone.
    Missing,
    /// No `@` anywhere.
    AtMissing,
    /// ` at `, `(at)` or `[at]` stands for the `@`.
    AtSpelled,
    /// More than one `@`.
    AtTwice,
    /// A space inside, of any kind.
    InnerSpace,
    /// A character that cannot be seen.
    ZeroWidth,
    /// A full-width form, as Asian keyboards write it.
    FullWidth,
    /// A control character, such as a tab or a line break.
    Control,
    /// A combining mark or a look-alike letter that has another usual form.
    LetterForm,
    /// Several addresses in one text.
    SeveralAddresses,
    /// A name around the address, as in `Ada <ada@acme.test>`.
    DisplayName,
    /// The part before the `@` is not valid.
    LocalInvalid,
    /// The part after the `@` is not valid.
    DomainInvalid,
    /// The part after the `@` has no dot.
    DomainWithoutDot,
    /// The address, or a part of it, is too long.
    TooLong,
}

impl EmailProblem {
    /// What is wrong and what to do, as a sentence.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Missing => "The e-mail address is missing: fill it in.",
            Self::AtMissing => "An e-mail address needs an @, as in name@example.com.",
            Self::AtSpelled => "Write @ instead of the word “at”.",
            Self::AtTwice => "There is more than one @: keep the one before the domain.",
            Self::InnerSpace => "There is a space inside the address: remove it.",
            Self::ZeroWidth => "The address holds an invisible character: remove it or retype it.",
            Self::FullWidth => {
                "The address holds full-width characters: type them in their normal width."
            }
            Self::Control => {
                "The address holds a tab, a line break or a control character: remove it."
            }
            Self::LetterForm => {
                "A letter is written in an unusual form, such as an accent of its own: retype it."
            }
            Self::SeveralAddresses => "There is more than one address: give each a row of its own.",
            Self::DisplayName => {
                "Keep the address alone, without the name and the brackets around it."
            }
            Self::LocalInvalid => {
                "The part before the @ is not valid: check dots and special characters."
            }
            Self::DomainInvalid => {
                "The part after the @ is not a valid domain: check dots and characters."
            }
            Self::DomainWithoutDot => "The part after the @ needs an ending, such as .com or .org.",
            Self::TooLong => {
                "The address is too long: 64 characters before the @ and 254 in all are the most."
            }
        }
    }
}

impl fmt::Display for EmailProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for EmailProblem {}

const LOCAL: u8 = 1;
const DOMAIN: u8 = 2;

/// What each byte may be part of; dots and the `@` are handled apart.
static CLASS: [u8; 256] = {
    let mut table = [0_u8; 256];
    let mut i = 0;
    while i < 128 {
        let b = i as u8;
        if b.is_ascii_alphanumeric() || b == b'-' {
            table[i] = LOCAL | DOMAIN;
        } else if matches!(
            b,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'/'
                | b'='
                | b'?'
                | b'^'
                | b'_'
                | b'`'
                | b'{'
                | b'|'
                | b'}'
                | b'~'
        ) {
            table[i] = LOCAL;
        }
        i += 1;
    }
    table
};

/// A checked address that borrows its text: the hot path of the grid, which
/// allocates nothing for an ASCII address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailRef<'a> {
    typed: &'a str,
    at: usize,
    /// The domain's A-label where the typed domain is not ASCII.
    a_label: Option<String>,
}

impl<'a> EmailRef<'a> {
    /// Checks a text by the rule above.
    pub fn parse(text: &'a str) -> Result<Self, EmailProblem> {
        let typed = text.trim_matches(' ');
        match ascii_at(typed.as_bytes()) {
            Some(at) => Ok(Self {
                typed,
                at,
                a_label: None,
            }),
            None => diagnose(typed),
        }
    }

    /// The address as typed, without the spaces at its ends.
    pub const fn as_typed(&self) -> &'a str {
        self.typed
    }

    /// The domain as typed.
    pub fn typed_domain(&self) -> &'a str {
        &self.typed[self.at + 1..]
    }

    /// The address's identity.
    pub fn canonical(&self) -> Cow<'a, str> {
        match &self.a_label {
            Some(domain) => {
                let local = self.typed[..self.at].to_ascii_lowercase();
                Cow::Owned(format!("{local}@{domain}"))
            }
            None if self.typed.bytes().any(|b| b.is_ascii_uppercase()) => {
                Cow::Owned(self.typed.to_ascii_lowercase())
            }
            None => Cow::Borrowed(self.typed),
        }
    }

    /// A 64-bit hash of the canonical form, for an index in memory only.
    pub fn identity_hash(&self) -> u64 {
        match &self.a_label {
            Some(_) => hash_lowercase(self.canonical().as_bytes()),
            None => hash_lowercase(self.typed.as_bytes()),
        }
    }

    /// An owned copy.
    pub fn to_owned(&self) -> EmailAddress {
        EmailAddress {
            typed: self.typed.to_owned(),
            canonical: self.canonical().into_owned(),
        }
    }
}

/// The place of the `@` where the text is a valid ASCII address.
fn ascii_at(bytes: &[u8]) -> Option<usize> {
    if bytes.len() > ADDRESS_BYTES_MAX {
        return None;
    }
    let mut at = 0;
    let mut after_dot = true;
    loop {
        let &byte = bytes.get(at)?;
        if CLASS[usize::from(byte)] & LOCAL != 0 {
            after_dot = false;
        } else if byte == b'.' && !after_dot {
            after_dot = true;
        } else if byte == b'@' && !after_dot {
            break;
        } else {
            return None;
        }
        at += 1;
    }
    (at <= LOCAL_BYTES_MAX && domain_problem(&bytes[at + 1..]).is_none()).then_some(at)
}

/// What is wrong with an ASCII domain.
fn domain_problem(domain: &[u8]) -> Option<EmailProblem> {
    if domain.len() > DOMAIN_BYTES_MAX {
        return Some(EmailProblem::TooLong);
    }
    let mut label_start = 0;
    let mut labels = 0;
    for (i, &byte) in domain.iter().chain(std::iter::once(&b'.')).enumerate() {
        if CLASS[usize::from(byte)] & DOMAIN != 0 {
            continue;
        }
        if byte != b'.' {
            return Some(EmailProblem::DomainInvalid);
        }
        let label = &domain[label_start..i];
        let (Some(first), Some(last)) = (label.first(), label.last()) else {
            return Some(EmailProblem::DomainInvalid);
        };
        if *first == b'-' || *last == b'-' || label.len() > LABEL_BYTES_MAX {
            return Some(EmailProblem::DomainInvalid);
        }
        labels += 1;
        if i == domain.len() {
            if labels < 2 {
                return Some(EmailProblem::DomainWithoutDot);
            }
            // No ending is a number: 10.0.0.1 is an address of a machine.
            if label.len() < 2 || label.iter().all(u8::is_ascii_digit) {
                return Some(EmailProblem::DomainInvalid);
            }
        }
        label_start = i + 1;
    }
    None
}

/// Everything that is not a plain ASCII address: the reason, or the address after all.
#[cold]
fn diagnose(typed: &str) -> Result<EmailRef<'_>, EmailProblem> {
    if typed.is_empty() {
        return Err(EmailProblem::Missing);
    }
    // Each kind is asked for over the whole text first, so that the answer does not
    // depend on which one happens to stand first.
    for (is_kind, problem) in [
        (is_zero_width as fn(char) -> bool, EmailProblem::ZeroWidth),
        (char_is_control, EmailProblem::Control),
        (is_full_width, EmailProblem::FullWidth),
    ] {
        if typed.chars().any(is_kind) {
            return Err(problem);
        }
    }
    let ats = typed.bytes().filter(|&b| b == b'@').count();
    if ats >= 2 && typed.contains([';', ',', ' ', '/', '|']) {
        return Err(EmailProblem::SeveralAddresses);
    }
    if ats >= 1 && typed.contains(['<', '>', '(', '"']) {
        return Err(EmailProblem::DisplayName);
    }
    if ats == 0 && spelled_at(typed).is_some() {
        return Err(EmailProblem::AtSpelled);
    }
    if typed.chars().any(is_space) {
        return Err(EmailProblem::InnerSpace);
    }
    let Some(at) = typed.find('@') else {
        return Err(EmailProblem::AtMissing);
    };
    if ats > 1 {
        return Err(EmailProblem::AtTwice);
    }
    let (local, domain) = (&typed[..at], &typed[at + 1..]);
    if local.is_empty() || local.split('.').any(str::is_empty) {
        return Err(EmailProblem::LocalInvalid);
    }
    for c in local.chars() {
        if c.is_ascii() {
            if c != '.' && CLASS[c as usize & 0x7f] & LOCAL == 0 {
                return Err(EmailProblem::LocalInvalid);
            }
        } else if !is_stable_letter(c) {
            return Err(EmailProblem::LetterForm);
        }
    }
    if local.len() > LOCAL_BYTES_MAX || typed.len() > ADDRESS_BYTES_MAX {
        return Err(EmailProblem::TooLong);
    }
    let a_label = if domain.is_ascii() {
        None
    } else {
        Some(to_a_label(domain)?)
    };
    let canonical_domain = a_label.as_deref().unwrap_or(domain);
    if let Some(problem) = domain_problem(canonical_domain.as_bytes()) {
        return Err(problem);
    }
    if local.len() + 1 + canonical_domain.len() > ADDRESS_BYTES_MAX {
        return Err(EmailProblem::TooLong);
    }
    Ok(EmailRef { typed, at, a_label })
}

fn to_a_label(domain: &str) -> Result<String, EmailProblem> {
    let mut out = String::with_capacity(domain.len() + 8);
    for (i, label) in domain.split('.').enumerate() {
        if i > 0 {
            out.push('.');
        }
        if label.is_ascii() {
            out.push_str(&label.to_ascii_lowercase());
            continue;
        }
        // The letters are asked for before lowercasing, which would turn a Kelvin sign
        // into a k, and after it, since some capitals lose their stable form.
        if label.chars().any(|c| !c.is_ascii() && !is_stable_letter(c)) {
            return Err(EmailProblem::LetterForm);
        }
        let lower: String = label.chars().flat_map(char::to_lowercase).collect();
        if lower.chars().any(|c| !c.is_ascii() && !is_stable_letter(c)) {
            return Err(EmailProblem::LetterForm);
        }
        if lower.starts_with('-') || lower.ends_with('-') || lower.len() > 4 * LABEL_BYTES_MAX {
            return Err(EmailProblem::DomainInvalid);
        }
        out.push_str("xn--");
        out.push_str(&punycode::encode(&lower).ok_or(EmailProblem::DomainInvalid)?);
    }
    Ok(out)
}

/// Where ` at `, `(at)` or `[at]` stands, in bytes.
pub(super) fn spelled_at(text: &str) -> Option<(usize, usize)> {
    const FORMS: [&[u8]; 5] = [b" (at) ", b" [at] ", b"(at)", b"[at]", b" at "];
    FORMS.iter().find_map(|form| {
        text.as_bytes()
            .windows(form.len())
            .position(|window| window.eq_ignore_ascii_case(form))
            .map(|start| (start, start + form.len()))
    })
}

pub(crate) const fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

pub(super) const fn is_full_width(c: char) -> bool {
    matches!(
        c,
        '\u{ff00}'..='\u{ff5e}' | '\u{ff61}' | '\u{3000}' | '\u{3002}'
    )
}

pub(crate) const fn is_space(c: char) -> bool {
    matches!(
        c,
        ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}'
    )
}

pub(crate) const fn char_is_control(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}')
}

/// Letters and figures that are their own NFC form in any neighbourhood: no combining
/// mark, none that decomposes to something else, none that composes with what follows.
const fn is_stable_letter(c: char) -> bool {
    matches!(c,
        // Latin, IPA, Latin with Vietnamese.
        '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2af}' | '\u{1e00}'..='\u{1eff}'
        // Greek and Cyrillic.
        | '\u{386}' | '\u{388}'..='\u{3ce}' | '\u{3d7}'..='\u{3ef}'
        | '\u{400}'..='\u{481}' | '\u{48a}'..='\u{52f}'
        // Armenian, Hebrew, Arabic, Georgian.
        | '\u{531}'..='\u{556}' | '\u{561}'..='\u{587}' | '\u{5d0}'..='\u{5ea}'
        | '\u{620}'..='\u{63f}' | '\u{641}'..='\u{64a}' | '\u{660}'..='\u{669}'
        | '\u{671}'..='\u{6d3}' | '\u{6f0}'..='\u{6f9}' | '\u{10d0}'..='\u{10fa}'
        // Devanagari without the nukta and the letters it makes.
        | '\u{904}'..='\u{939}' | '\u{93e}'..='\u{94d}' | '\u{966}'..='\u{96f}'
        // Kana, ideographs, Hangul syllables.
        | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}'
        | '\u{30fc}'..='\u{30fe}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}')
}

const HASH_FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes bytes with ASCII capitals lowercased, eight at a time.
pub fn hash_lowercase(bytes: &[u8]) -> u64 {
    let mut hash = (bytes.len() as u64).wrapping_mul(HASH_FACTOR);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let mut word = [0_u8; 8];
        word.copy_from_slice(chunk);
        hash = mix(hash, lowercase_word(u64::from_le_bytes(word)));
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        let mut word = [0_u8; 8];
        word[..rest.len()].copy_from_slice(rest);
        hash = mix(hash, lowercase_word(u64::from_le_bytes(word)));
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

const fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(23) ^ word).wrapping_mul(HASH_FACTOR)
}

/// Lowercases the ASCII capitals among eight bytes.
const fn lowercase_word(word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const EACH: u64 = 0x0101_0101_0101_0101;
    let low = word & LOW;
    let above_z = low + EACH * (0x7f - b'Z' as u64);
    let from_a = low + EACH * (0x80 - b'A' as u64);
    let capital = !word & HIGH & (from_a ^ above_z);
    word | (capital >> 2)
}

/// One e-mail address that was checked. Two are equal when their canonical forms are.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    typed: String,
    canonical: String,
}

impl EmailAddress {
    /// Checks a text by the rule of this module.
    pub fn parse(text: &str) -> Result<Self, EmailProblem> {
        EmailRef::parse(text).map(|email| email.to_owned())
    }

    /// Where mail goes: as typed, without spaces at the ends.
    pub fn as_typed(&self) -> &str {
        &self.typed
    }

    /// The identity: what is compared and stored as the key.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The address as strangers may see it: `m•••@a•••.test`.
    pub fn mask(&self) -> String {
        let (local, domain) = self.typed.rsplit_once('@').unwrap_or((&self.typed, ""));
        let (host, ending) = domain.rsplit_once('.').unwrap_or((domain, ""));
        let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
        format!("{}•••@{}•••.{ending}", first(local), first(host))
    }
}

/// The canonical form of a text, where it is an address.
pub fn canonical_email(text: &str) -> Result<Cow<'_, str>, EmailProblem> {
    EmailRef::parse(text).map(|email| email.canonical())
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for EmailAddress {}

impl std::hash::Hash for EmailAddress {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

/// Addresses stay out of logs: only the masked form prints.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.mask())
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailProblem;

    fn try_from(text: String) -> Result<Self, EmailProblem> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(email: EmailAddress) -> Self {
        email.typed
    }
}

#[cfg(test)]
#[path = "email_tests.rs"]
mod tests;
