//! S33: whatever a name holds, it is one message with the headers of every other.

use serde_json::json;
use server::{
    args, jobs,
    mail::{Mailer, Smtp},
};

use super::{
    account, common,
    common::{Engine, TestApp},
    number, row,
    sink::{Sink, Taken},
    submit,
};

/// Sets every name that stands in a mail to this address, and the note.
pub async fn name_all(app: &TestApp, email: &str, name: &str) {
    for sql in [
        "UPDATE users SET first_name = $2, last_name = $2
         WHERE email = $1 OR id = (SELECT inviter_id FROM bundles WHERE email = $1)",
        "UPDATE bundles SET first_name = $2, last_name = $2, note = $2 WHERE email = $1",
        "UPDATE tenants SET name = $2
         WHERE id = (SELECT tenant_id FROM bundles WHERE email = $1)",
        "UPDATE catalog_items SET title = $2
         WHERE EXISTS (SELECT 1 FROM bundles WHERE email = $1)",
    ] {
        common::world_sql(app, sql, args![email, name]).await;
    }
}

/// The names of a message's headers, in order.
fn headers(taken: &Taken) -> Vec<String> {
    let text = String::from_utf8(taken.message.clone()).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    head.replace("\r\n ", " ")
        .replace("\r\n\t", " ")
        .split("\r\n")
        .map(|line| line.split_once(": ").expect(line).0.to_owned())
        .collect()
}

/// Sends what waits over a real connection: the one mail that came.
async fn one_mail(app: &TestApp, sink: &Sink, mailer: &Mailer) -> Taken {
    while jobs::outbox::send_batch(&app.desk, mailer).await.unwrap() > 0 {}
    while jobs::account_mails::send_batch(&app.desk, mailer)
        .await
        .unwrap()
        > 0
    {}
    let mut taken = sink.take();
    assert_eq!(taken.len(), 1);
    taken.pop().unwrap()
}

fn is_one_plain_mail(taken: &Taken, to: &str, link: &str, evil: &str) {
    let verbs: Vec<&str> = taken.commands.iter().map(|one| &one[..4]).collect();
    assert_eq!(verbs, ["MAIL", "RCPT", "DATA"], "{evil:?}");
    assert!(taken.commands[0].starts_with("MAIL FROM:<desk@beckon.test>"));
    assert_eq!(taken.commands[1], format!("RCPT TO:<{to}>"));
    let lines: Vec<&[u8]> = taken.message.split(|byte| *byte == b'\n').collect();
    assert!(lines.iter().all(|line| line.len() <= 998), "{evil:?}");
    let bare = |line: &&[u8]| {
        let text = line.strip_suffix(b"\r").unwrap_or(line);
        text.contains(&b'\r') || text.contains(&0)
    };
    assert!(!lines.iter().any(bare), "a bare CR or a NUL: {evil:?}");
    let message = mail_parser::MessageParser::default()
        .parse(&taken.message)
        .unwrap();
    let recipients: Vec<&str> = message
        .to()
        .unwrap()
        .iter()
        .filter_map(mail_parser::Addr::address)
        .collect();
    assert_eq!(recipients, [to]);
    assert!(message.cc().is_none() && message.bcc().is_none());
    let from = message.from().unwrap().first().unwrap();
    assert_eq!(from.address(), Some("desk@beckon.test"));
    assert_eq!(from.name(), Some("Beckon"));
    assert_eq!(message.attachment_count(), 0);
    assert_eq!(
        (message.text_body_count(), message.html_body_count()),
        (1, 1)
    );
    let subject = message.subject().unwrap();
    assert!(subject.chars().count() <= 200, "{}", subject.len());
    assert!(!subject.contains(char::is_control), "{subject:?}");
    let text = message.body_text(0).unwrap();
    assert!(text.contains(link), "{text}");
    assert!(text.chars().count() < 4_000, "{evil:?}");
    assert!(message.body_html(0).unwrap().contains(link));
}

async fn story(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.session_of(app.world.acme_admin).await;
    let sink = Sink::start().await;
    let mailer = Mailer::Smtp(Smtp::from_url(&sink.url).unwrap());
    let long = "x".repeat(10_000);
    let wide = "é🎓".repeat(5_000);
    let words = "Eve Bcc: ".repeat(1_112);
    let mut expected: Option<[Vec<String>; 2]> = None;
    for (n, evil) in [
        "Plain Name",
        "Eve\r\nBcc: victim@example.test",
        "Eve\nBcc: victim@example.test",
        "Eve\rBcc: victim@example.test",
        "Eve\r\n\r\n<h1>another body</h1>",
        "Eve\0Bcc: victim@example.test",
        "Eve\r\n.\r\nMAIL FROM:<eve@example.test>\r\nRCPT TO:<victim@example.test>\r\nDATA\r\n",
        "Eve\n.\nQUIT\n",
        "\r\n.\r\n",
        ".\r\n.",
        "\" <victim@example.test>, \"",
        "Eve <victim@example.test>, x",
        "=?utf-8?q?=0D=0ABcc:_victim=40example.test?=",
        "--boundary\r\nContent-Type: text/html\r\n\r\n<h1>x</h1>",
        "Eve\u{85}Bcc: x\u{2028}Bcc: y\u{2029}Bcc: z\u{b}\u{c}",
        "\u{202e}evE\u{feff}",
        &long,
        &wide,
        &words,
    ]
    .into_iter()
    .enumerate()
    {
        // PostgreSQL's text holds no NUL: there it never gets that far.
        let evil = if engine == Engine::Postgres {
            evil.replace('\0', "")
        } else {
            evil.to_owned()
        };
        let email = format!("mara{n}@new.test");
        let done = submit(&admin, &email, &[row(2, &email)]).await;
        assert_eq!(done["outcomes"], json!({ "created": 1 }));
        name_all(&app, &email, &evil).await;
        let invitation = one_mail(&app, &sink, &mailer).await;
        is_one_plain_mail(&invitation, &email, &format!("{}/i#", app.url), &evil);

        let email = format!("own{n}@new.test");
        account(&app, &email, true).await;
        name_all(&app, &email, &evil).await;
        let ask = json!({ "email": email });
        let (status, _) = app.anonymous().call("/api/accounts/forgot", ask).await;
        assert_eq!(status, 200);
        let reset = one_mail(&app, &sink, &mailer).await;
        is_one_plain_mail(&reset, &email, &format!("{}/reset#", app.url), &evil);

        let found = [headers(&invitation), headers(&reset)];
        let expected = expected.get_or_insert_with(|| found.clone());
        assert_eq!(&found, expected, "{evil:?}");
    }
    let expected = expected.unwrap().concat();
    for name in [
        "From",
        "To",
        "Subject",
        "Message-ID",
        "Date",
        "Auto-Submitted",
    ] {
        assert_eq!(
            expected.iter().filter(|one| *one == name).count(),
            2,
            "{name}"
        );
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s33_a_name_is_one_message_with_the_expected_headers_on_sqlite() {
    story(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s33_a_name_is_one_message_with_the_expected_headers_on_postgres() {
    story(Engine::Postgres).await;
}

// What people can type into a form or a list never gets that far: it is refused, or made
// one line, before it is kept.
on_both_engines!(s33_names_with_line_breaks_are_not_kept, |app| {
    let learner = app.session_of(app.world.learner).await;
    let admin = app.session_of(app.world.acme_admin).await;
    for evil in ["Eve\r\nBcc: x", "Eve\nBcc: x", "Eve\0", &"x".repeat(10_000)] {
        let rename = json!({ "input": {
            "first_name": evil, "last_name": "", "username": "",
        } });
        assert_eq!(learner.call("/api/accounts/rename", rename).await.0, 422);
        let item = json!({ "input": {
            "tenant": "acme", "kind": "course", "key": "EVIL-1", "title": evil, "courses": [],
        } });
        let (status, answer) = admin.call("/api/catalog/create", item).await;
        assert_eq!(status, 422, "{answer}");
    }
    let kept = "SELECT COUNT(*) FROM users WHERE first_name LIKE 'Eve%' OR first_name LIKE 'xx%'";
    assert_eq!(number(app, kept, args![]).await, 0);
});
