//! S15: the identity of an address is made in Rust, and what Rust says both databases say.

use std::collections::{BTreeMap, BTreeSet};

use app::{
    bulk::draft::RowDraft,
    domain::{
        email::{EmailAddress, EmailProblem},
        id::UserId,
    },
};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::json;
use server::{
    args,
    clock::new_id,
    storage::{NewUser, StorageError},
};

use super::{common, common::NOW, common::TestApp, row, submit};

/// Ways to write a few addresses, and texts near them: other case, composed and decomposed
/// accents, the Kelvin sign, dotted and dotless i, full-width forms, invisible characters,
/// international domains as letters and as A-labels.
fn spellings() -> impl Strategy<Value = String> {
    let local = prop_oneof![
        "[kK][aA][tT][eE]",
        Just("\u{212a}ate".to_owned()),
        "[iI]ris",
        Just("\u{131}ris".to_owned()),
        Just("\u{130}ris".to_owned()),
        "ren[eé]",
        Just("rene\u{301}".to_owned()),
        Just("REN\u{c9}".to_owned()),
        Just("ka\u{200b}te".to_owned()),
        Just("ｋate".to_owned()),
        Just("stra\u{df}e".to_owned()),
        Just("strasse".to_owned()),
        "[kK]ate(\\+x|\\.x)?",
        "[a-zA-Zäöüß\u{3c2}\u{3c3}\u{fb01}]{1,3}",
    ];
    let domain = prop_oneof![
        "[aA]cme\\.[tT]est",
        "[bB][uüÜ]cher\\.test",
        Just("bu\u{308}cher.test".to_owned()),
        Just("xn--bcher-kva.test".to_owned()),
        Just("XN--BCHER-KVA.test".to_owned()),
        Just("\u{212a}.test".to_owned()),
        Just("k.test".to_owned()),
        Just("ａcme.test".to_owned()),
        Just("acme。test".to_owned()),
        Just("fa\u{df}.test".to_owned()),
        Just("fass.test".to_owned()),
    ];
    prop_oneof![
        8 => (local, domain).prop_map(|(local, domain)| format!("{local}@{domain}")),
        1 => any::<String>(),
    ]
}

fn drawn(count: usize) -> Vec<String> {
    let mut runner = TestRunner::deterministic();
    let texts = spellings();
    (0..count)
        .map(|_| texts.new_tree(&mut runner).unwrap().current())
        .collect()
}

async fn insert(app: &TestApp, email: &EmailAddress) -> Result<(), StorageError> {
    let new = NewUser {
        id: UserId(new_id(NOW)),
        email: email.canonical().to_owned(),
        email_typed: email.as_typed().to_owned(),
        email_verified: false,
        first_name: String::new(),
        last_name: String::new(),
        password_hash: None,
        super_admin: false,
        created_at: NOW,
    };
    app.desk
        .storage
        .write(move |tx| {
            let new = new.clone();
            Box::pin(async move { tx.insert_users(vec![new]).await })
        })
        .await
}

// Two spellings are one address to the database exactly where they are one to Rust: its
// unique index takes a second one or refuses it, and finds by every spelling the account of
// the first, with the bytes as they were typed.
on_both_engines!(s15_rust_and_the_database_agree_on_who_is_who, |app| {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut refused = BTreeSet::new();
    let (mut fresh, mut again) = (0, 0);
    for text in drawn(1_500) {
        let email = match EmailAddress::parse(&text) {
            Ok(email) => email,
            Err(problem) => {
                refused.insert(format!("{problem:?}"));
                continue;
            }
        };
        let canonical = email.canonical().to_owned();
        match (insert(app, &email).await, known.get(&canonical)) {
            (Ok(()), None) => fresh += 1,
            (Err(StorageError::Unique { .. }), Some(_)) => again += 1,
            (other, before) => panic!("{text:?} after {before:?}: {other:?}"),
        }
        let first = known
            .entry(canonical.clone())
            .or_insert_with(|| email.as_typed().to_owned());
        let (typed, found) = app
            .desk
            .storage
            .read(move |tx| {
                let canonical = canonical.clone();
                Box::pin(async move {
                    let (user, _) = tx.user_by_email(&canonical).await?.unwrap();
                    let typed: (String,) = tx
                        .one(
                            "SELECT email_typed FROM users WHERE id = $1",
                            args![user.id],
                        )
                        .await?;
                    Ok((typed.0, user.email))
                })
            })
            .await
            .unwrap();
        assert_eq!(found.as_bytes(), email.canonical().as_bytes());
        assert_eq!(typed.as_bytes(), first.as_bytes());
    }
    assert!(fresh > 50 && again > 200, "{fresh} {again}");
    for problem in ["LetterForm", "ZeroWidth", "FullWidth"] {
        assert!(refused.contains(problem), "{refused:?}");
    }
});

// The rule as a table, through the door that people use: a list that is submitted. What is
// one address is invited once, what is no address is said to be none, and the mail goes to
// the form that was typed.
on_both_engines!(s15_a_list_is_judged_by_the_one_rule, |app| {
    let same = [
        &["Kate@Acme.test", "kate@acme.test", "KATE@ACME.TEST"][..],
        &[
            "Ann@Bücher.test",
            "ann@xn--bcher-kva.test",
            "ann@BÜCHER.test",
        ],
        // Beyond ASCII the part before the @ is exact, and so are dots and tags.
        &["René@acme.test"],
        &["RENÉ@acme.test"],
        &["\u{131}ris@acme.test"],
        &["\u{130}ris@acme.test"],
        &["iris@acme.test", "IRIS@acme.test"],
        &["kate+x@acme.test"],
        &["ka.te@acme.test"],
        &["eve@fa\u{df}.test"],
        &["eve@fass.test"],
    ];
    let none = [
        ("\u{212a}ate@acme.test", EmailProblem::LetterForm),
        ("kate@\u{212a}.test", EmailProblem::LetterForm),
        ("rene\u{301}@acme.test", EmailProblem::LetterForm),
        ("iris@\u{130}x.test", EmailProblem::LetterForm),
        ("ka\u{200b}te@acme.test", EmailProblem::ZeroWidth),
        ("kate@acme.test\u{feff}", EmailProblem::ZeroWidth),
        ("ｋate@acme.test", EmailProblem::FullWidth),
        ("kate＠acme.test", EmailProblem::FullWidth),
    ];
    let mut rows: Vec<RowDraft> = Vec::new();
    let mut add = |text: &str| rows.push(row(u32::try_from(rows.len()).unwrap() + 2, text));
    for text in same.concat() {
        add(text);
    }
    for (text, problem) in none {
        assert_eq!(EmailAddress::parse(text), Err(problem), "{text:?}");
        add(text);
    }
    let admin = app.session_of(app.world.acme_admin).await;
    let done = submit(&admin, "spellings", &rows).await;
    let spellings: usize = same.iter().map(|group| group.len()).sum();
    let expected = json!({
        "created": same.len(),
        "duplicate_in_file": spellings - same.len(),
        "invalid": none.len(),
    });
    assert_eq!(done["outcomes"], expected);
    app.send_mails().await;
    let mails = app.memory.mails();
    let sent: BTreeSet<&str> = mails.iter().map(|kept| kept.mail.to.as_str()).collect();
    let typed: BTreeSet<&str> = same.iter().map(|group| group[0]).collect();
    assert_eq!(sent, typed, "as typed, letter by letter");
    assert_eq!(mails.len(), same.len());

    // The last spelling of each is the same person a second time.
    let rows: Vec<RowDraft> = (2..)
        .zip(same)
        .map(|(line, group)| row(line, group[group.len() - 1]))
        .collect();
    let done = submit(&admin, "the others", &rows).await;
    let expected = json!({ "already_invited": same.len() });
    assert_eq!(done["outcomes"], expected);
    app.send_mails().await;
    assert_eq!(
        app.memory.mails().len(),
        same.len(),
        "and gets no second mail"
    );
    // Whoever signs in may write it in any of them.
    common::world::user(&app.desk, "kim@xn--bcher-kva.test", "Kim", false).await;
    for typed in [
        "Kim@Bücher.test",
        "KIM@XN--BCHER-KVA.TEST",
        " kim@bücher.test ",
    ] {
        app.as_user(typed).await;
    }
});
