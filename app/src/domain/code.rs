//! A redemption code: what a blank invitation is handed out by, on paper, as a link or as
//! a QR code. 16 characters of Crockford's base 32: 15 drawn ones (75 bits) and a check.
//!
//! The check is a sum over the field of 32 elements in which every place has a weight of
//! its own, so that one wrong character, and any two that changed places, are always found
//! before a server is asked.

/// Crockford's alphabet: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters of a code.
pub const LENGTH: usize = 16;
/// Of these, the ones that are drawn.
pub const DRAWN: usize = LENGTH - 1;

/// A code whose check is right; it cannot print.
#[derive(Clone, PartialEq, Eq)]
pub struct RedemptionCode(String);

impl std::fmt::Debug for RedemptionCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RedemptionCode(redacted)")
    }
}

/// Why a text is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeProblem {
    /// Nothing is typed.
    Empty,
    /// It has so many characters, not 16; more are not counted.
    Length(usize),
    /// No code has this character.
    Character(char),
    /// A character is wrong, or two changed places.
    Check,
}

impl CodeProblem {
    /// What is wrong and what to do.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::Empty => "Type the code: 16 letters and figures.".to_owned(),
            Self::Length(count) if count > LENGTH => {
                "This is longer than a code, which has 16 letters and figures.".to_owned()
            }
            Self::Length(count) => {
                format!("A code has 16 letters and figures; here are {count}.")
            }
            Self::Character(c) => format!("“{c}” is in no code. Compare it with the card."),
            Self::Check => {
                "A letter or figure is wrong, or two have changed places. Compare the code with \
                 the card."
                    .to_owned()
            }
        }
    }
}

impl RedemptionCode {
    /// The code of drawn bytes, of which the last five bits each count.
    #[must_use]
    pub fn of(drawn: [u8; DRAWN]) -> Self {
        let mut values: Vec<u8> = drawn.iter().map(|byte| byte & 31).collect();
        values.push(check(&values));
        Self(values.iter().map(|value| letter(*value)).collect())
    }

    /// Reads what a person typed, or a link that ends in a code: case, spaces and hyphens
    /// do not matter, O is 0, I and L are 1.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, CodeProblem> {
        let text = text.rsplit('#').next().unwrap_or_default();
        let mut values = Vec::with_capacity(LENGTH);
        for c in text.chars() {
            if c.is_whitespace() || matches!(c, '-' | '‐' | '‑' | '–' | '—' | '_') {
                continue;
            }
            if values.len() == LENGTH {
                return Err(CodeProblem::Length(LENGTH + 1));
            }
            values.push(value(c).ok_or(CodeProblem::Character(c))?);
        }
        match values.as_slice() {
            [] => Err(CodeProblem::Empty),
            [drawn @ .., last] if values.len() == LENGTH => {
                if check(drawn) == *last {
                    Ok(Self(values.iter().map(|value| letter(*value)).collect()))
                } else {
                    Err(CodeProblem::Check)
                }
            }
            _ => Err(CodeProblem::Length(values.len())),
        }
    }

    /// The 16 characters, for a link, a card or a hash and nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// In groups of four, as it is printed.
    #[must_use]
    pub fn grouped(&self) -> String {
        let mut text = String::with_capacity(LENGTH + 3);
        for (place, c) in self.0.chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push('-');
            }
            text.push(c);
        }
        text
    }
}

fn letter(value: u8) -> char {
    ALPHABET
        .get(usize::from(value))
        .map_or('0', |byte| char::from(*byte))
}

fn value(c: char) -> Option<u8> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    };
    let place = ALPHABET.iter().position(|byte| char::from(*byte) == c)?;
    u8::try_from(place).ok()
}

/// The character that belongs after `values`: the sum of each times a power of the field's
/// generator, which has 31 of them.
fn check(values: &[u8]) -> u8 {
    values.iter().fold(0, |sum, value| {
        let shifted = (sum ^ value) << 1;
        // Of the field's polynomial x⁵ + x² + 1.
        if shifted & 32 == 0 {
            shifted
        } else {
            shifted ^ 0b10_0101
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code() -> impl Strategy<Value = RedemptionCode> {
        prop::array::uniform15(any::<u8>()).prop_map(RedemptionCode::of)
    }

    #[test]
    fn a_code_cannot_print() {
        let code = RedemptionCode::of([7; DRAWN]);
        assert_eq!(format!("{code:?}"), "RedemptionCode(redacted)");
    }

    #[test]
    fn what_is_wrong_is_said() {
        use CodeProblem as P;
        assert_eq!(RedemptionCode::parse(" - "), Err(P::Empty));
        assert_eq!(RedemptionCode::parse("ABC"), Err(P::Length(3)));
        assert_eq!(RedemptionCode::parse("ABU"), Err(P::Character('U')));
        assert_eq!(
            RedemptionCode::parse(&"0".repeat(1_000_000)),
            Err(P::Length(17))
        );
        assert_eq!(RedemptionCode::parse(&"0".repeat(15)), Err(P::Length(15)));
        assert_eq!(RedemptionCode::parse("0000000000000001"), Err(P::Check));
    }

    proptest! {
        #[test]
        fn entry_is_tolerant(code in code()) {
            let typed = [
                code.reveal().to_owned(),
                code.grouped(),
                code.grouped().to_lowercase().replace('-', " "),
                code.reveal().replace('0', "o").replace('1', "l"),
                code.reveal().replace('0', "O").replace('1', "I"),
                format!("https://beckon.test/redeem#{}", code.reveal()),
            ];
            for text in typed {
                prop_assert_eq!(RedemptionCode::parse(&text), Ok(code.clone()));
            }
        }

        #[test]
        fn a_wrong_character_is_always_found(code in code(), place in 0..LENGTH, by in 1_usize..32) {
            let mut all: Vec<u8> = code.reveal().bytes().collect();
            let was = ALPHABET.iter().position(|one| *one == all[place]).unwrap();
            all[place] = ALPHABET[(was + by) % 32];
            let text = String::from_utf8(all).unwrap();
            prop_assert_eq!(RedemptionCode::parse(&text), Err(CodeProblem::Check));
        }

        #[test]
        fn two_that_changed_places_are_always_found(code in code(), a in 0..LENGTH, b in 0..LENGTH) {
            let mut all: Vec<u8> = code.reveal().bytes().collect();
            prop_assume!(all[a] != all[b]);
            all.swap(a, b);
            let text = String::from_utf8(all).unwrap();
            prop_assert_eq!(RedemptionCode::parse(&text), Err(CodeProblem::Check));
        }
    }
}
