//! `cargo xtask lint`: what CI refuses before it runs a test.

use crate::Outcome;
use crate::deny;
use crate::process;
use crate::project::Project;
use crate::rules;
use crate::say::{self, Steps};
use crate::secrets;

/// One check: what it is called, and what it does.
type Check = (&'static str, fn(&Project) -> Outcome);

const CHECKS: [Check; 8] = [
    ("Formatting", formatting),
    (
        "Rules of the architecture, in the text of the sources",
        rules::texts,
    ),
    (
        "Rules of the architecture, in the dependencies",
        dependencies,
    ),
    (
        "The pure domain compiles without leptos (clippy)",
        |project| clippy(project, &["-p", "app", "--all-targets"]),
    ),
    ("Clippy: app, server, xtask", |project| {
        clippy(project, &["--all-targets"])
    }),
    ("Clippy: frontend, for wasm", |project| {
        // The profile of the build that follows, so that its compiled macros are shared.
        clippy(
            project,
            &[
                "-p",
                "frontend",
                "--target",
                "wasm32-unknown-unknown",
                "--profile",
                "wasm-dev",
            ],
        )
    }),
    ("Licences, bans, sources (cargo deny)", deny::deny),
    ("Secrets in the tree and its history", secrets::secrets),
];

/// Runs every check, to the end, and fails if any found something.
pub fn lint(project: &Project) -> Outcome {
    let mut steps = Steps::new(CHECKS.len());
    let mut failed = Vec::new();
    for (title, check) in CHECKS {
        if let Err(sentence) = steps.step(title, || check(project)) {
            say::line(&format!("      FAILED: {sentence}"));
            failed.push(title);
        }
    }
    if failed.is_empty() {
        say::line("Nothing to complain about.");
        return Ok(());
    }
    Err(format!(
        "{} of {} checks failed: {}.",
        failed.len(),
        CHECKS.len(),
        failed.join("; ")
    ))
}

fn formatting(project: &Project) -> Outcome {
    process::run(process::cargo(project).args(["fmt", "--all", "--check"]))
        .map_err(|_| "some files are not formatted; `cargo fmt --all` does it".to_owned())
}

fn clippy(project: &Project, which: &[&str]) -> Outcome {
    process::run(
        process::cargo(project)
            .arg("clippy")
            .args(which)
            .args(["--", "-D", "warnings"]),
    )
}

/// What the browser must never be given.
const SERVER_ONLY: [&str; 6] = ["tokio", "axum", "sqlx", "lettre", "hyper", "rustls"];

fn dependencies(project: &Project) -> Outcome {
    let tree = process::output(process::cargo(project).args([
        "tree",
        "-p",
        "frontend",
        "--target",
        "wasm32-unknown-unknown",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]))?;
    let found = server_only_in(&tree);
    if found.is_empty() {
        return Ok(());
    }
    Err(format!(
        "The front end depends on what only the server may use: {}; `cargo tree -p frontend --target wasm32-unknown-unknown -i NAME` shows the way.",
        found.join(", ")
    ))
}

fn server_only_in(tree: &str) -> Vec<&'static str> {
    SERVER_ONLY
        .into_iter()
        .filter(|name| {
            tree.lines()
                .any(|line| line.split_whitespace().next() == Some(name))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{CHECKS, server_only_in};

    /// The checks run in this order and all of them; CI runs `cargo xtask lint` first.
    #[test]
    fn s58_licences_and_secrets_are_checks_that_ci_denies() {
        let names: Vec<&str> = CHECKS.iter().map(|(name, _)| *name).collect();
        for name in [
            "Licences, bans, sources (cargo deny)",
            "Secrets in the tree and its history",
        ] {
            assert!(names.contains(&name), "{name}");
        }
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let ci = std::fs::read_to_string(root.join(".ci/run")).expect("what CI runs");
        assert!(ci.contains("for checks in lint trust"));
        let rules = std::fs::read_to_string(root.join("deny.toml")).expect("the rules");
        assert!(rules.contains("confidence-threshold = 0.9"));
        assert!(!rules.contains("\"GPL") && !rules.contains("\"AGPL"));
        assert!(rules.contains("unknown-registry = \"deny\""));
    }

    #[test]
    fn finds_server_crates_by_their_whole_name() {
        let tree = "frontend v0.1.0 (/x)\ntokio-macros v2.0.0\naxum v0.8.9\nserde v1.0.0 (*)";
        assert_eq!(server_only_in(tree), ["axum"]);
        assert!(server_only_in("frontend v0.1.0\nserde v1.0.0").is_empty());
    }
}
