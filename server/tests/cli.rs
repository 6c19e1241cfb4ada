//! The program itself: what it prints, refuses, seeds, and how it ends.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod common;
#[path = "cli/key.rs"]
mod key;

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use common::{PASSWORD, Session, postgres, sign_in};
use serde_json::json;

fn beckon() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beckon"));
    for (name, _) in std::env::vars() {
        // What the person who runs the tests has set must not reach the program.
        if name.starts_with("BECKON_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    command
}

fn run(args: &[&str]) -> Output {
    beckon().args(args).stdin(Stdio::null()).output().unwrap()
}

/// A running server; killed if the test breaks off.
struct Running {
    child: Child,
    url: String,
}

impl Running {
    fn start(command: &str, data: &Path, more: &[&str]) -> Self {
        let mut child = beckon()
            .args([command, "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .strip_prefix("Beckon is listening on ")
            .unwrap_or_else(|| panic!("it printed {line:?}"))
            .trim()
            .to_owned();
        Self { child, url }
    }

    /// Sends SIGTERM; how long it took to end, and whether it ended well.
    fn terminate(mut self) -> (Duration, bool) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let began = Instant::now();
        let status = self.child.wait().unwrap();
        (began.elapsed(), status.success())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[test]
fn wrong_options_are_refused_with_a_sentence_and_two() {
    for args in [
        &["demo", "--listen", "0.0.0.0:0"][..],
        &["serve", "--listen", "nowhere"],
        &["serve", "--database-url", "mysql://u:hunter2@h/d"],
        &["serve", "--smtp-url", "https://mail"],
        &["serve", "--public-url", "not a url"],
        &["migrate", "--database-url", "sqlite:"],
        &["serve", "--mail-hold-seconds", "soon"],
        &["serve", "--listen", "0.0.0.0:0"],
        &["serve", "--smtp-url", "smtp://u:hunter2@mail.test"],
    ] {
        let output = run(args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(
            said.starts_with("beckon: ") && said.ends_with(".\n"),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn help_explains_every_option() {
    let help = String::from_utf8(run(&["serve", "--help"]).stdout).unwrap();
    for name in [
        "BECKON_LISTEN",
        "BECKON_PUBLIC_URL",
        "BECKON_DATA_DIR",
        "DATABASE_URL",
        "BECKON_SMTP_URL",
        "BECKON_MAIL_FROM",
        "BECKON_TRUSTED_PROXIES",
        "BECKON_MAIL_HOLD_SECONDS",
        "BECKON_DIST",
    ] {
        assert!(help.contains(name), "{name} is missing in\n{help}");
    }
}

#[test]
fn every_option_stands_in_the_documents_with_its_variable() {
    use clap::CommandFactory as _;

    let page = include_str!("../../docs/operator/configuration.md");
    let command = server::config::CommandLine::command();
    let serve = command.find_subcommand("serve").unwrap();
    let mut options = 0;
    for option in serve.get_arguments() {
        let (Some(flag), Some(variable)) = (option.get_long(), option.get_env()) else {
            continue;
        };
        let row = format!("| `{}` | `--{flag}` |", variable.to_str().unwrap());
        assert!(page.contains(&row), "{row}");
        options += 1;
    }
    assert!(options >= 9, "{options}");
    assert!(
        String::from_utf8(run(&["--help"]).stdout)
            .unwrap()
            .contains("BECKON_LOG")
    );
}

async fn demo_story(more: &[&str]) {
    let data = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let demo = Running::start("demo", data.path(), more);
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
    let admin = Session::at(&demo.url);
    for (email, tenant) in [
        ("admin@acme.test", Some("acme")),
        ("admin@globex.test", Some("globex")),
        ("learner@acme.test", Some("acme")),
        ("super@beckon.test", None),
    ] {
        let (status, me) = admin
            .call("/api/session/sign_in", sign_in(email, PASSWORD))
            .await;
        assert_eq!(status, 200, "{email}");
        assert_eq!(me["memberships"][0]["slug"].as_str(), tenant, "{email}");
    }
    let (_, current) = admin.call("/api/session/current", json!({})).await;
    assert_eq!(current["mail_configured"], true, "the mailbox takes them");
    assert_eq!(current["demo"]["mails_leave"], false, "no mail server");
    let all = json!({ "input": { "search": "", "disabled": false, "after": null } });
    let (_, page) = admin.call("/api/tenants/list", all).await;
    let tenants = &page["tenants"];
    assert_eq!(tenants[0]["name"], "Acme Academy");
    assert_eq!(tenants[1]["name"], "Globex Institute");
    let (_, overview) = admin
        .call("/api/tenants/overview", json!({ "tenant": "acme" }))
        .await;
    assert_eq!(overview["members"], 1_202, "{overview}");
    assert_eq!(overview["hold_seconds"], 3, "{overview}");
    assert_eq!(
        (&overview["courses"], &overview["programs"]),
        (&json!(46), &json!(9))
    );

    // Pages by name, each member once.
    let mut names = Vec::new();
    let mut after = json!(null);
    loop {
        let input = json!({ "input": { "tenant": "acme", "search": "", "after": after } });
        let (status, page) = admin.call("/api/people/list", input).await;
        assert_eq!(status, 200, "{page}");
        for person in page["people"].as_array().unwrap() {
            names.push(person["user"].as_str().unwrap().to_owned());
        }
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(names.len(), 1_202);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 1_202, "a member stands on two pages");
    let input = json!({ "input": { "tenant": "acme", "search": "müller  JUR", "after": null } });
    let (_, found) = admin.call("/api/people/list", input).await;
    assert_eq!(found["people"][0]["name"], "Jürgen Müller", "{found}");

    let (took, well) = demo.terminate();
    assert!(well && took < Duration::from_secs(10), "{took:?}");
    // Nothing is made twice.
    let again = Running::start("demo", data.path(), more);
    let admin = Session::at(&again.url);
    admin
        .call(
            "/api/session/sign_in",
            sign_in("super@beckon.test", PASSWORD),
        )
        .await;
    let all = json!({ "input": { "search": "", "disabled": false, "after": null } });
    let (_, page) = admin.call("/api/tenants/list", all).await;
    assert_eq!(page["tenants"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_demo_is_whole_on_sqlite() {
    demo_story(&[]).await;
}

#[tokio::test]
async fn the_demo_is_whole_on_postgres() {
    let url = postgres::fresh_url().await;
    demo_story(&["--database-url", &url]).await;
}

/// Runs a command that reads a password; its exit code and all it said.
fn with_password(args: &[&str], data: &Path, password: &str) -> (Option<i32>, String) {
    let mut child = beckon()
        .args(args)
        .arg("--data-dir")
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Where it is refused before, nobody reads it.
    let _unread = writeln!(stdin, "{password}");
    drop(stdin);
    let code = child.wait().unwrap().code();
    let mut said = String::new();
    child.stdout.unwrap().read_to_string(&mut said).unwrap();
    child.stderr.unwrap().read_to_string(&mut said).unwrap();
    (code, said)
}

async fn a_tenant_made_on_the_command_line(more: &[&str]) {
    let data = tempfile::tempdir().unwrap();
    let create = |args: &[&str], password: &str| {
        let mut all = vec!["tenant", "create"];
        all.extend(args);
        all.extend(more);
        with_password(&all, data.path(), password)
    };
    let acme = ["--slug", "acme", "--name", "Acme Academy"];
    let zone = ["--time-zone", "europe/berlin"];
    let admin = ["--admin", "You@example.org"];
    let with = |change: &[&'static str]| {
        // The last one of an option that is repeated would be refused: so it is replaced.
        let mut args: Vec<&str> = [&acme[..], &zone, &admin].concat();
        for pair in change.chunks(2) {
            let at = args.iter().position(|arg| *arg == pair[0]).unwrap();
            args[at + 1] = pair[1];
        }
        args
    };
    for (args, password, names) in [
        (with(&["--slug", "Acme Academy"]), "a long password", "slug"),
        (with(&["--name", " "]), "a long password", "name"),
        (
            with(&["--time-zone", "Mars/Olympus"]),
            "a long password",
            "time zone",
        ),
        (with(&["--admin", "you"]), "a long password", "e-mail"),
        (with(&[]), "short", "password"),
    ] {
        let (code, said) = create(&args, password);
        assert_eq!(code, Some(2), "{args:?}: {said}");
        assert!(said.contains(names) && said.ends_with(".\n"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let (code, said) = create(&with(&[]), "a long password");
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("a long password"), "{said}");
    let (code, said) = create(&with(&["--name", "Another"]), "another password");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("already"), "{said}");
    // A second one for the same admin: no password is asked, and the old one stays.
    let (code, said) = create(&with(&["--slug", "acme-2"]), "");
    assert_eq!(code, Some(0), "{said}");

    let server = Running::start("serve", data.path(), more);
    let session = Session::at(&server.url);
    let (status, me) = session
        .call(
            "/api/session/sign_in",
            sign_in("you@example.org", "a long password"),
        )
        .await;
    assert_eq!((status, &me["super_admin"]), (200, &json!(false)), "{me}");
    assert_eq!(me["memberships"].as_array().unwrap().len(), 2, "{me}");
    assert_eq!(me["memberships"][0]["role"], "admin");
    let (status, overview) = session
        .call("/api/tenants/overview", json!({ "tenant": "acme" }))
        .await;
    assert_eq!(status, 200, "{overview}");
    assert_eq!(overview["name"], "Acme Academy");
    assert_eq!(overview["time_zone"], "Europe/Berlin");
    assert_eq!(overview["members"], 1);
    assert_eq!(overview["hold_seconds"], 60);
}

#[tokio::test]
async fn a_tenant_made_on_the_command_line_works_on_sqlite() {
    a_tenant_made_on_the_command_line(&[]).await;
}

#[tokio::test]
async fn a_tenant_made_on_the_command_line_works_on_postgres() {
    let url = postgres::fresh_url().await;
    a_tenant_made_on_the_command_line(&["--database-url", &url]).await;
}

/// Whoever cannot wait for what is at work sends the signal again.
#[test]
fn f18_a_second_signal_ends_the_program_at_once() {
    let data = tempfile::tempdir().unwrap();
    let mut running = Running::start("serve", data.path(), &[]);
    // A request whose body never comes is at work until it is broken off, after 30 s.
    let address = running.url.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream
        .write_all(
            b"POST /api/session/current HTTP/1.1\r\nhost: localhost\r\n\
              content-type: application/json\r\ncontent-length: 100\r\n\r\n{",
        )
        .unwrap();
    // Long enough for the request to have begun.
    std::thread::sleep(Duration::from_millis(500));
    let signal = |running: &Running| {
        let pid = running.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(sent.success());
    };
    signal(&running);
    std::thread::sleep(Duration::from_secs(1));
    assert!(
        running.child.try_wait().unwrap().is_none(),
        "it did not wait for the request at work"
    );
    signal(&running);
    let began = Instant::now();
    let status = running.child.wait().unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(status.code(), Some(1));
}

#[tokio::test]
async fn an_admin_made_on_the_command_line_signs_in() {
    let data = tempfile::tempdir().unwrap();
    let create = |password: &str| {
        let args = ["admin", "create", "--email", "Root@example.org"];
        with_password(&args, data.path(), password)
    };
    let (code, said) = create("short");
    assert_eq!(code, Some(2), "{said}");
    let (code, said) = create("a long password");
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = create("another password");
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("another password"), "{said}");

    let server = Running::start("serve", data.path(), &[]);
    let session = Session::at(&server.url);
    let old = sign_in("root@example.org", "a long password");
    assert_eq!(session.call("/api/session/sign_in", old).await.0, 422);
    let new = sign_in("root@example.org", "another password");
    let (status, me) = session.call("/api/session/sign_in", new).await;
    assert_eq!((status, &me["super_admin"]), (200, &json!(true)));
    let (_, current) = session.call("/api/session/current", json!({})).await;
    assert_eq!(
        current["mail_configured"], false,
        "no mail server was named"
    );
    assert_eq!(current["demo"], json!(null));
}

#[test]
fn a_demo_and_the_real_thing_never_share_a_database() {
    let refused = |command: &str, data: &Path| {
        let mut child = beckon()
            .args([command, "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        for _ in 0..200 {
            if let Some(status) = child.try_wait().unwrap() {
                let mut said = String::new();
                child.stderr.unwrap().read_to_string(&mut said).unwrap();
                return (status.code(), said);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("`{command}` serves");
    };
    let demo = tempfile::tempdir().unwrap();
    Running::start("demo", demo.path(), &[]).terminate();
    let (code, said) = refused("serve", demo.path());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("whose passwords are public"), "{said}");

    let real = tempfile::tempdir().unwrap();
    let mut child = beckon()
        .args([
            "admin",
            "create",
            "--email",
            "root@example.org",
            "--data-dir",
        ])
        .arg(real.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "a long password").unwrap();
    assert!(child.wait().unwrap().success());
    let (code, said) = refused("demo", real.path());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("no demo's"), "{said}");
}
