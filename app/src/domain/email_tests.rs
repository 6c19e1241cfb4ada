use super::*;
use proptest::prelude::*;

#[test]
fn accepts_and_canonicalises() {
    for (typed, canonical) in [
        ("ada@acme.test", "ada@acme.test"),
        ("  Ada.Lovelace+x@ACME.Test ", "ada.lovelace+x@acme.test"),
        ("o'brien@xn--bcher-kva.test", "o'brien@xn--bcher-kva.test"),
        ("Ada@Bücher.test", "ada@xn--bcher-kva.test"),
        ("ada@BÜCHER.TEST", "ada@xn--bcher-kva.test"),
        ("René@acme.test", "rené@acme.test"),
        ("RENÉ@acme.test", "renÉ@acme.test"),
        ("ı@acme.test", "ı@acme.test"),
    ] {
        let email = EmailAddress::parse(typed).unwrap();
        assert_eq!(email.canonical(), canonical);
        assert_eq!(email.as_typed(), typed.trim_matches(' '));
        let by_ref = EmailRef::parse(typed).unwrap();
        assert_eq!(by_ref.identity_hash(), hash_lowercase(canonical.as_bytes()));
    }
}

#[test]
fn names_each_problem() {
    use EmailProblem as P;
    for (text, problem) in [
        ("", P::Missing),
        ("   ", P::Missing),
        ("ada.acme.test", P::AtMissing),
        ("ada at acme.test", P::AtSpelled),
        ("ada[AT]acme.test", P::AtSpelled),
        ("ada@@acme.test", P::AtTwice),
        ("ada@acme@test.com", P::AtTwice),
        ("a da@acme.test", P::InnerSpace),
        ("ada@acme.test\u{a0}", P::InnerSpace),
        ("ada\u{200b}@acme.test", P::ZeroWidth),
        ("\u{feff}ada@acme.test", P::ZeroWidth),
        ("ada＠acme.test", P::FullWidth),
        ("ada@acme.test\n", P::Control),
        ("ada\0@acme.test", P::Control),
        ("rene\u{301}@acme.test", P::LetterForm),
        ("\u{212a}ate@acme.test", P::LetterForm),
        ("ada@\u{212a}.test", P::LetterForm),
        ("ada@\u{130}x.test", P::LetterForm),
        ("a@x.test; b@x.test", P::SeveralAddresses),
        ("Ada <a@x.test>", P::DisplayName),
        ("@acme.test", P::LocalInvalid),
        (".ada@acme.test", P::LocalInvalid),
        ("a..b@acme.test", P::LocalInvalid),
        ("a:b@acme.test", P::LocalInvalid),
        ("ada@", P::DomainInvalid),
        ("ada@acme", P::DomainWithoutDot),
        ("ada@acme..test", P::DomainInvalid),
        ("ada@-acme.test", P::DomainInvalid),
        ("ada@10.0.0.1", P::DomainInvalid),
        ("ada@ac_me.test", P::DomainInvalid),
    ] {
        assert_eq!(EmailAddress::parse(text), Err(problem), "{text:?}");
    }
    let long = format!("{}@acme.test", "a".repeat(65));
    assert_eq!(EmailAddress::parse(&long), Err(P::TooLong));
}

#[test]
fn s16_plus_tags_and_dots_are_other_addresses() {
    let canonical = |text| EmailAddress::parse(text).unwrap().canonical().to_owned();
    let ada = canonical("adalovelace@acme.test");
    assert_ne!(canonical("ada.lovelace@acme.test"), ada);
    assert_ne!(canonical("adalovelace+x@acme.test"), ada);
    assert_eq!(canonical("AdaLovelace@ACME.test"), ada);
}

#[test]
fn masks() {
    assert_eq!(
        EmailAddress::parse("mia@acme.test").unwrap().mask(),
        "m•••@a•••.test"
    );
    let debug = format!("{:?}", EmailAddress::parse("mia@acme.test").unwrap());
    assert!(!debug.contains("mia") && !debug.contains("acme"));
}

#[test]
fn serde_keeps_the_typed_form() {
    let email = EmailAddress::parse("Mia@Acme.test").unwrap();
    let json = serde_json::to_string(&email).unwrap();
    assert_eq!(json, "\"Mia@Acme.test\"");
    assert_eq!(serde_json::from_str::<EmailAddress>(&json).unwrap(), email);
    assert!(serde_json::from_str::<EmailAddress>("\"mia\"").is_err());
}

/// Texts near the border between valid and not.
fn near_address() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9.+_'-]{1,12}@[a-zA-Z0-9-]{1,8}\\.[a-zA-Z]{2,5}",
        "[a-zA-Z@. \u{200b}\u{e9}\u{301}\u{212a}\u{ff20}\u{130}ßΣ(),;<>\"-]{0,24}",
        "[a-zé]{1,8}@[a-zA-ZüÜßé.-]{1,14}\\.[a-zA-Z]{2,4}",
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn s15_the_canonical_form_is_a_fixed_point(text in near_address()) {
        if let Ok(email) = EmailAddress::parse(&text) {
            let again = EmailAddress::parse(email.canonical()).unwrap();
            prop_assert_eq!(again.canonical(), email.canonical());
            prop_assert!(email.canonical().rsplit_once('@').unwrap().1.is_ascii());
            prop_assert!(email.canonical().len() <= ADDRESS_BYTES_MAX);
        }
    }

    #[test]
    fn case_of_ascii_never_matters_and_nothing_else_is_folded(text in near_address()) {
        let upper = EmailAddress::parse(&text.to_ascii_uppercase());
        let lower = EmailAddress::parse(&text.to_ascii_lowercase());
        prop_assert_eq!(upper, lower);
    }

    #[test]
    fn the_quick_path_agrees_with_the_slow_one(text in near_address()) {
        let typed = text.trim_matches(' ');
        if typed.is_ascii() {
            let slow = diagnose(typed).ok().map(|email| email.at);
            prop_assert_eq!(ascii_at(typed.as_bytes()), slow);
        }
    }

    #[test]
    fn what_is_accepted_in_ascii_is_an_address_by_the_rfc(text in near_address()) {
        if text.is_ascii() && let Ok(email) = EmailAddress::parse(&text) {
            prop_assert!(email_address::EmailAddress::is_valid(email.as_typed()));
        }
    }

    #[test]
    fn lowercase_words(word in any::<u64>()) {
        let expected = u64::from_le_bytes(word.to_le_bytes().map(|b| b.to_ascii_lowercase()));
        prop_assert_eq!(lowercase_word(word), expected);
    }
}
