//! `cargo xtask trust --mutants`: whether the tests would notice a guard that is gone.
//!
//! `server/tests/mutants.txt` lists the guards. Each is taken away in a copy of the
//! project, whose build output is kept beside it so that one guard costs one small build;
//! its test must then fail. Red is also a guard whose text is no longer found, one without
//! which nothing compiles, and a test that fails with its guard.

use crate::Outcome;
use crate::mutant_list::{LIST, Mutant, parse, replaced};
use crate::postgres::{Cluster, For};
use crate::process;
use crate::project::Project;
use crate::say;
use crate::tally::Tally;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Whether every guard of the list still stands where the list has it, and its test is
/// among `tests`; how many there are.
pub fn check(project: &Project, tests: &BTreeSet<String>) -> Outcome<usize> {
    let mutants = read(project)?;
    let mut wrong = Vec::new();
    for mutant in &mutants {
        if let Err(sentence) = mutated(project, mutant) {
            wrong.push(sentence);
        }
        let filter = mutant.test.last().map_or("", String::as_str);
        if !tests.iter().any(|name| name.contains(filter)) {
            wrong.push(format!("{}: no test is named `{filter}`.", mutant.name));
        }
    }
    if wrong.is_empty() {
        Ok(mutants.len())
    } else {
        Err(format!("{LIST} is out of date.\n{}", wrong.join("\n")))
    }
}

/// Takes each guard away (or those whose name contains `only`), and runs its test.
pub fn run(project: &Project, only: Option<&str>) -> Outcome {
    let mutants: Vec<Mutant> = read(project)?
        .into_iter()
        .filter(|mutant| only.is_none_or(|only| mutant.name.contains(only)))
        .collect();
    if mutants.is_empty() {
        return Err("No guard has this in its name.".to_owned());
    }
    let place = project.target.join("mutants");
    let copy = Project {
        root: place.join("tree"),
        target: place.join("target"),
    };
    copy_to(project, &copy.root)?;
    let cluster = Cluster::start(project, For::Tests)?;

    say::line("With every guard in its place:");
    let tests: BTreeSet<&[String]> = mutants.iter().map(|one| one.test.as_slice()).collect();
    for test in tests {
        let tally = tested(&copy, &cluster, test)?;
        if tally.failed > 0 || tally.passed == 0 {
            return Err(format!(
                "`cargo test {}` says {} before any guard is gone.",
                test.join(" "),
                tally.summary()
            ));
        }
    }
    let mut alive = Vec::new();
    for mutant in &mutants {
        let began = Instant::now();
        let verdict = without(&copy, &cluster, mutant)?;
        let took = began.elapsed().as_secs();
        say::line(&format!("{:<10} {} ({took} s)", verdict.0, mutant.name));
        if !verdict.1 {
            alive.push(format!("{}: {}", mutant.name, verdict.0));
        }
    }
    if alive.is_empty() {
        say::line(&format!(
            "\n{} guards: without each of them its test fails.",
            mutants.len()
        ));
        return Ok(());
    }
    Err(format!(
        "Guards that can go without their test noticing:\n{}",
        alive.join("\n")
    ))
}

/// What became of the test without the guard, and whether that is well.
fn without(copy: &Project, cluster: &Cluster, mutant: &Mutant) -> Outcome<(&'static str, bool)> {
    let mut with = Vec::new();
    for (file, text) in mutated(copy, mutant)? {
        with.push((copy.root.join(&file), text_of(copy, &file)?));
        write(&copy.root.join(file), &text)?;
    }
    let compiles = cargo_test(copy, cluster, &mutant.test, Some("--no-run"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let verdict = if compiles {
        let tally = tested(copy, cluster, &mutant.test)?;
        match (tally.passed, tally.failed) {
            (_, 1..) => ("red", true),
            (0, 0) => ("NOT RUN", false),
            _ => ("UNNOTICED", false),
        }
    } else {
        ("NO BUILD", false)
    };
    for (path, text) in with {
        write(&path, &text)?;
    }
    Ok(verdict)
}

fn cargo_test(copy: &Project, cluster: &Cluster, test: &[String], more: Option<&str>) -> Command {
    let mut cargo = process::cargo(copy);
    cargo
        .args(["test", "--quiet"])
        .args(more)
        .args(test)
        .env("CARGO_TARGET_DIR", &copy.target)
        .env("CARGO_INCREMENTAL", "1")
        .env("RUST_BACKTRACE", "0")
        .env("BECKON_TEST_POSTGRES", &cluster.url);
    cargo
}

fn tested(copy: &Project, cluster: &Cluster, test: &[String]) -> Outcome<Tally> {
    let mut cargo = cargo_test(copy, cluster, test, None);
    cargo.stderr(Stdio::null());
    let mut tally = Tally::default();
    let status = process::lines(&mut cargo, |line| tally.read(line))?;
    if !status.success() && tally.failed == 0 && tally.passed > 0 {
        tally.broken();
    }
    Ok(tally)
}

/// The files of a mutant, changed; a text that does not stand in its file exactly once is
/// an error.
fn mutated(project: &Project, mutant: &Mutant) -> Outcome<Vec<(String, String)>> {
    let mut files: Vec<(String, String)> = Vec::new();
    for change in &mutant.changes {
        if !files.iter().any(|(file, _)| *file == change.file) {
            files.push((change.file.clone(), text_of(project, &change.file)?));
        }
        for (file, text) in &mut files {
            if *file == change.file {
                *text = replaced(text, change)
                    .map_err(|found| format!("{}: {found} in {file}.", mutant.name))?;
            }
        }
    }
    Ok(files)
}

fn read(project: &Project) -> Outcome<Vec<Mutant>> {
    parse(&text_of(project, LIST)?)
}

/// Copies what git knows of the project, and what is new in it; files that are the same
/// keep their time, so that cargo builds only what changed.
fn copy_to(project: &Project, root: &Path) -> Outcome {
    let listed = process::output(process::command(project, "git").args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    for file in listed.split('\0').filter(|file| !file.is_empty()) {
        let (from, to) = (project.root.join(file), root.join(file));
        // Deleted, and git was not told yet.
        let Ok(bytes) = fs::read(&from) else { continue };
        if fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)
                .map_err(|error| format!("{} cannot be made: {error}.", folder.display()))?;
        }
        fs::write(&to, bytes)
            .map_err(|error| format!("{} cannot be written: {error}.", to.display()))?;
    }
    Ok(())
}

fn text_of(project: &Project, file: &str) -> Outcome<String> {
    fs::read_to_string(project.root.join(file))
        .map_err(|error| format!("{file} cannot be read: {error}."))
}

fn write(path: &Path, text: &str) -> Outcome {
    fs::write(path, text).map_err(|error| format!("{} cannot be written: {error}.", path.display()))
}
