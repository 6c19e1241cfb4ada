//! `cargo xtask test`: every test there is, with what it needs.

use crate::Outcome;
use crate::front::{self, Kind};
use crate::postgres::{Cluster, For};
use crate::process;
use crate::project::Project;
use crate::say::{self, Steps};
use crate::system;
use crate::tally::Tally;
use crate::tools::{self, Need};
use std::path::PathBuf;

/// What the person asked for.
#[derive(Debug, PartialEq, Eq)]
struct Choice {
    rust: bool,
    browser: bool,
    /// Drive the front end as it is shipped.
    release: bool,
    only: Option<String>,
}

impl Choice {
    /// How the front end is built, and what that needs.
    fn front_end(&self) -> (Kind, Need) {
        if self.release {
            (Kind::Release, Need::Release)
        } else {
            (Kind::Dev, Need::Dev)
        }
    }
}

fn parse(args: &[String]) -> Outcome<Choice> {
    let mut choice = Choice {
        rust: true,
        browser: true,
        release: false,
        only: None,
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--rust" => choice.browser = false,
            "--browser" => choice.rust = false,
            "--release" => choice.release = true,
            "--only" => {
                let name = args
                    .next()
                    .ok_or("`--only` needs a part of a test's name.")?;
                choice.only = Some(name.clone());
            }
            other => {
                return Err(format!(
                    "`cargo xtask test` knows --rust, --browser, --release and --only NAME, not `{other}`."
                ));
            }
        }
    }
    if !choice.rust && !choice.browser {
        return Err("--rust and --browser together leave nothing; name one or neither.".to_owned());
    }
    Ok(choice)
}

/// Runs the tests and ends with the one line `N passed, N failed`.
pub fn test(project: &Project, args: &[String]) -> Outcome {
    let choice = parse(args)?;
    system::ensure(project, &[system::Need::Database])?;
    if choice.browser {
        system::ensure(project, &[system::Need::Browser])?;
        tools::node(project)?;
        tools::ensure(project, choice.front_end().1)?;
    }
    let mut steps = Steps::new(1 + usize::from(choice.rust) + 4 * usize::from(choice.browser));
    let mut tally = Tally::default();
    let cluster = steps.step("A throw-away PostgreSQL", || {
        Cluster::start(project, For::Tests)
    })?;
    if choice.rust {
        steps.step("Rust tests, on SQLite and PostgreSQL", || {
            rust_tests(project, &choice, &cluster, &mut tally)
        })?;
    }
    if choice.browser {
        // A failure before the tests begin must not hide what the Rust tests said.
        let browser = browser_half(project, &choice, &cluster, &mut steps, &mut tally);
        if let Err(sentence) = browser {
            say::line(&sentence);
            tally.broken();
        }
    }
    drop(cluster);
    say::line(&format!("\n{}", tally.summary()));
    if tally.failed > 0 {
        // The summary stays the last line of standard output.
        std::process::exit(1);
    }
    if tally.passed == 0 {
        return Err("No test ran.".to_owned());
    }
    Ok(())
}

fn rust_tests(project: &Project, choice: &Choice, cluster: &Cluster, tally: &mut Tally) -> Outcome {
    // The front end's pure parts are tested on the host, in a call of their own (ADR 0001).
    let restarts = Cluster::start(project, For::Restarts)?;
    for packages in [&[][..], &["-p", "frontend"]] {
        cargo_test(project, packages, choice, [cluster, &restarts], tally)?;
    }
    Ok(())
}

fn cargo_test(
    project: &Project,
    packages: &[&str],
    choice: &Choice,
    [cluster, restarts]: [&Cluster; 2],
    tally: &mut Tally,
) -> Outcome {
    let mut cargo = process::cargo(project);
    cargo
        .args(["test", "--no-fail-fast"])
        .args(packages)
        .env("BECKON_TEST_POSTGRES", &cluster.url)
        .env("BECKON_TEST_POSTGRES_RESTARTS", &restarts.url)
        .env("BECKON_TEST_POSTGRES_RESTART", &restarts.restart);
    if let Some(name) = &choice.only {
        cargo.arg("--").arg(name);
    }
    let before = tally.failed;
    let status = process::lines(&mut cargo, |line| {
        tally.read(line);
        say::line(line);
    })?;
    if !status.success() && tally.failed == before {
        // It did not compile, or a test binary died: nothing else would count it.
        tally.broken();
    }
    Ok(())
}

fn browser_half(
    project: &Project,
    choice: &Choice,
    cluster: &Cluster,
    steps: &mut Steps,
    tally: &mut Tally,
) -> Outcome {
    steps.step("npm packages of the browser tests", || npm_ci(project))?;
    steps.step("Front end (wasm)", || {
        front::build(project, choice.front_end().0)
    })?;
    steps.step("Server", || {
        process::run(process::cargo(project).args(["build", "-p", "server"]))
    })?;
    steps.step("Browser tests", || flows(project, choice, cluster, tally))
}

/// `npm ci`, unless the installed packages are those of the lock file.
pub fn npm_ci(project: &Project) -> Outcome {
    let folder = project.end2end();
    let lock = std::fs::read_to_string(folder.join("package-lock.json"))
        .map_err(|error| format!("end2end/package-lock.json cannot be read: {error}."))?;
    let stamp = folder.join("node_modules/.beckon-lock");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    process::run(
        process::command(project, "npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(&folder),
    )?;
    std::fs::write(&stamp, lock)
        .map_err(|error| format!("{} cannot be written: {error}.", stamp.display()))
}

fn flows(project: &Project, choice: &Choice, cluster: &Cluster, tally: &mut Tally) -> Outcome {
    let files = flow_files(project)?;
    let chromium = system::browser(project)?;
    let mut node = process::command(project, "node");
    node.args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .current_dir(project.end2end())
        .env("BECKON_BIN", project.beckon("debug"))
        .env("BECKON_DIST", project.dist())
        .env("BECKON_TEST_POSTGRES", &cluster.url)
        .env("CHROMIUM", chromium)
        .env("NO_COLOR", "1");
    if let Some(name) = &choice.only {
        node.arg(format!("--test-name-pattern={}", escape_pattern(name)));
    }
    let before = tally.failed;
    let status = process::lines(node.args(files), |line| {
        tally.read(line);
        say::line(line);
    })?;
    if !status.success() && tally.failed == before {
        tally.broken();
    }
    Ok(())
}

fn flow_files(project: &Project) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in [
        project.end2end().join("flows"),
        project.root.join("xtask/pack"),
    ] {
        let entries = std::fs::read_dir(&folder)
            .map_err(|error| format!("{} cannot be read: {error}.", folder.display()))?;
        files.extend(
            entries
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| path.to_string_lossy().ends_with(".test.mjs")),
        );
    }
    files.sort();
    Ok(files)
}

/// Makes a name match itself in the regular expression Node expects.
fn escape_pattern(name: &str) -> String {
    name.chars()
        .flat_map(|c| {
            let special = !c.is_alphanumeric() && !c.is_whitespace() && c != '_' && c != '-';
            special.then_some('\\').into_iter().chain([c])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Choice, escape_pattern, parse};

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn reads_its_arguments() {
        let all = Choice {
            rust: true,
            browser: true,
            release: false,
            only: None,
        };
        assert_eq!(parse(&words("")), Ok(all));
        let one = Choice {
            rust: false,
            browser: true,
            release: true,
            only: Some("accept".to_owned()),
        };
        assert_eq!(parse(&words("--browser --release --only accept")), Ok(one));
        assert!(parse(&words("--rust --browser")).is_err());
        assert!(parse(&words("--only")).is_err());
        assert!(parse(&words("--fast")).is_err());
    }

    #[test]
    fn a_name_is_not_a_pattern() {
        assert_eq!(escape_pattern("S01 (a.b)"), "S01 \\(a\\.b\\)");
    }
}
