//! S34: markup and addresses in names are text, and nothing that a mail client would make
//! a link of.

use serde_json::json;

use super::{account, common::TestApp, mails::name_all, row, submit};

const EVIL: [&str; 27] = [
    "<a href=\"https://evil.example/path\">Beckon</a>",
    "<img src=//evil.example/x.png>",
    "\"><script>alert(1)</script>",
    "'><a href='//evil.example'>x</a>",
    "</p></td></tr></table><h1>Sign in</h1>",
    "<!-- <style>*{display:none}</style>",
    "{{ view.link }} {% raw %}",
    "evil.example/path",
    "www.evil.example",
    "https://evil.example/path?x=1#y",
    "HTTPS://EVIL.EXAMPLE",
    "//evil.example/path",
    "ftp:evil.example",
    "eve@evil.example",
    "mailto:eve@evil.example",
    "javascript:alert(1)",
    "tel:+4930123456",
    "[Sign in](https://evil.example)",
    "<https://evil.example>",
    "evil。example/path",
    "evil．example/path",
    "evil｡example/path",
    "evil․example/path",
    "eve＠evil.example",
    "evil&#46;example &lt;a href=//evil.example&gt;",
    "\\\\evil\\share",
    "ev\u{200b}il.\u{200b}example\u{202e}/htap",
];

/// The tags of an HTML text; what a mail's own link ends in is left off, for it is another
/// in each mail.
fn tags(html: &str) -> Vec<String> {
    html.split('<')
        .skip(1)
        .map(|rest| {
            let tag = rest.split('>').next().unwrap();
            match tag.split_once('#') {
                Some((before, after)) if before.contains("href=") => {
                    format!("{before}#{}", after.split_once('"').unwrap().1)
                }
                _ => tag.to_owned(),
            }
        })
        .collect()
}

/// An HTML text without its tags, as it is read.
fn read(html: &str) -> String {
    let text: String = html
        .split('<')
        .map(|part| part.split_once('>').map_or(part, |(_, text)| text))
        .collect();
    text.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
        .replace("&#38;", "&")
}

/// What a client makes a link of by itself: letters on both sides of a dot, an `@`, a
/// scheme's colon, two slashes.
fn linked(text: &str) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    let is_word = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_');
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| chars[at]).filter(is_word);
        let after = chars.get(at + 1).copied();
        let word_after = after.filter(is_word);
        let around = || {
            chars[at.saturating_sub(20)..(at + 20).min(chars.len())]
                .iter()
                .collect()
        };
        let is_dot = matches!(c, '.' | '。' | '．' | '｡' | '․');
        let is_letter = |c: char| c.is_alphabetic();
        if is_dot && before.is_some() && word_after.is_some_and(is_letter) {
            return Some(around());
        }
        if matches!(c, '@' | '＠') && word_after.is_some() {
            return Some(around());
        }
        let shows = |c: char| !c.is_whitespace() && c != '\u{200b}';
        // A time, such as 23:59, is none.
        if *c == ':' && before.is_some_and(is_letter) && after.is_some_and(shows) {
            return Some(around());
        }
        if matches!(c, '/' | '\\') && after == Some(*c) {
            return Some(around());
        }
    }
    None
}

/// The mail to this address: text and HTML, its own links taken out.
fn mail(app: &TestApp, email: &str) -> (String, String) {
    let mails = app.memory.mails();
    let kept = mails.iter().rev().find(|kept| kept.mail.to == email);
    let mail = kept.expect("a mail").mail.clone();
    let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let without_links = |text: &str| {
        let mut parts = text.split(app.url.as_str());
        let mut rest = parts.next().unwrap().to_owned();
        for part in parts {
            let (path, after) = part.split_once('#').expect("a link of ours");
            assert!(["/i", "/never", "/reset"].contains(&path), "{path}");
            rest.push_str(after.trim_start_matches(is_token));
        }
        rest
    };
    (without_links(&mail.text), mail.html)
}

on_both_engines!(s34_no_name_makes_a_tag_or_a_link_in_a_mail, |app| {
    let admin = app.session_of(app.world.acme_admin).await;
    let mut expected: Option<[Vec<String>; 2]> = None;
    for (n, name) in ["Plain"].into_iter().chain(EVIL).enumerate() {
        let (invitee, owner) = (format!("mara{n}@new.test"), format!("own{n}@new.test"));
        let done = submit(&admin, &invitee, &[row(2, &invitee)]).await;
        assert_eq!(done["outcomes"], json!({ "created": 1 }));
        account(app, &owner, true).await;
        name_all(app, &invitee, name).await;
        name_all(app, &owner, name).await;
        let ask = json!({ "email": owner });
        let (status, _) = app.anonymous().call("/api/accounts/forgot", ask).await;
        assert_eq!(status, 200);
        app.send_mails().await;
        let mut found = Vec::new();
        for email in [&invitee, &owner] {
            let (text, html) = mail(app, email);
            found.push(tags(&html));
            assert!(!html.contains("evil.example"), "{name:?}");
            let shown = read(&html).replace(&app.url, "");
            for text in [text, shown] {
                assert_eq!(linked(&text), None, "{name:?} in {text}");
            }
        }
        let found = [found.remove(0), found.remove(0)];
        let expected = expected.get_or_insert_with(|| found.clone());
        assert_eq!(&found, expected, "{name:?} makes no tag");
    }
});

#[test]
fn s34_the_test_sees_what_a_client_would_make_a_link_of() {
    let missed: Vec<&str> = EVIL
        .into_iter()
        .filter(|name| linked(name).is_none() && !name.contains('<'))
        .filter(|name| !name.contains("{{") && !name.contains('\u{200b}'))
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
    for plain in [
        "Acme Inc. Ltd.",
        "23 December 2026, 23:59 (Europe/Berlin)",
        "A/B",
        "3.5",
    ] {
        assert_eq!(linked(plain), None);
    }
}
