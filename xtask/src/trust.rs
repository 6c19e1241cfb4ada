//! `cargo xtask trust`: which promise has its test.
//!
//! `docs/trust.md` holds a table of numbers; a test belongs to a number when
//! its name contains it as a word: `s01_…` in Rust, `S01 …` in the browser
//! tests. What exists is asked of the test binaries themselves, so that tests
//! made by macros count, and ignored ones do not.

use crate::Outcome;
use crate::mutants;
use crate::process;
use crate::project::Project;
use crate::say;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
struct Promise {
    number: String,
    in_scope: bool,
    text: String,
}

/// What `trust` was asked for.
pub fn command(project: &Project, args: &[String]) -> Outcome {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        [] => trust(project),
        ["--mutants"] => mutants::run(project, None),
        ["--mutants", name] => mutants::run(project, Some(name)),
        _ => Err("`cargo xtask trust` knows --mutants [NAME] and nothing else.".to_owned()),
    }
}

/// Lists every promise with its tests; red when one in scope has none that runs, and when
/// a guard of the list of mutants is not where the list has it.
fn trust(project: &Project) -> Outcome {
    let path = project.root.join("docs/trust.md");
    let table = fs::read_to_string(&path)
        .map_err(|error| format!("docs/trust.md cannot be read: {error}."))?;
    let promises = promises(&table)?;
    let (runs, ignored, rust) = tests(project)?;
    let mut red = Vec::new();
    for promise in &promises {
        let number = &promise.number;
        let names: Vec<&str> = runs
            .get(number)
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let state = match (promise.in_scope, names.is_empty()) {
            (_, false) => format!("{} test(s)", names.len()),
            (false, true) => "not yet".to_owned(),
            (true, true) => {
                red.push(number.as_str());
                if ignored.contains_key(number) {
                    "IGNORED"
                } else {
                    "MISSING"
                }
                .to_owned()
            }
        };
        say::line(&format!("{number:<4} {state:<10} {}", promise.text));
        for name in names {
            say::line(&format!("       {name}"));
        }
    }
    let kept = promises
        .iter()
        .filter(|p| runs.contains_key(&p.number))
        .count();
    say::line(&format!(
        "\n{kept} of {} promises have their test.",
        promises.len()
    ));
    let guards = mutants::check(project, &rust)?;
    say::line(&format!(
        "{guards} guards stand where `cargo xtask trust --mutants` takes them away."
    ));
    if red.is_empty() {
        return Ok(());
    }
    Err(format!(
        "Promised for this release and without a test that runs: {}.",
        red.join(", ")
    ))
}

/// Reads the rows `| S01 | now | text |`; `later` marks what is not in scope.
fn promises(table: &str) -> Outcome<Vec<Promise>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for line in table.lines() {
        let cells: Vec<&str> = line
            .trim()
            .trim_matches('|')
            .split('|')
            .map(str::trim)
            .collect();
        let [number, scope, text] = cells[..] else {
            continue;
        };
        if numbers_in(number) != [number] {
            continue;
        }
        let in_scope = match scope {
            "now" => true,
            "later" => false,
            other => {
                return Err(format!(
                    "docs/trust.md: {number} is `{other}`, not now or later."
                ));
            }
        };
        if !seen.insert(number.to_owned()) {
            return Err(format!("docs/trust.md lists {number} twice."));
        }
        found.push(Promise {
            number: number.to_owned(),
            in_scope,
            text: text.to_owned(),
        });
    }
    if found.is_empty() {
        return Err("docs/trust.md has no table of promises.".to_owned());
    }
    Ok(found)
}

type ByNumber = BTreeMap<String, Vec<String>>;

/// The tests that run and those that are ignored, by number; and every Rust test's name.
fn tests(project: &Project) -> Outcome<(ByNumber, ByNumber, BTreeSet<String>)> {
    let all = rust_tests(project, &[])?;
    let skipped = rust_tests(project, &["--ignored"])?;
    let mut runs = ByNumber::new();
    let mut ignored = ByNumber::new();
    let mut note = |name: &str, runs_it: bool| {
        for number in numbers_in(name) {
            let map = if runs_it { &mut runs } else { &mut ignored };
            map.entry(number).or_default().push(name.to_owned());
        }
    };
    for name in &all {
        note(name, !skipped.contains(name));
    }
    let mut files = Vec::new();
    crate::front::collect(&project.end2end().join("flows"), &mut files);
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        for (name, skipped) in flow_tests(&text) {
            note(&name, !skipped);
        }
    }
    Ok((runs, ignored, all))
}

fn rust_tests(project: &Project, extra: &[&str]) -> Outcome<BTreeSet<String>> {
    let list = process::output(
        process::cargo(project)
            .args([
                "test", "--quiet", "--lib", "--bins", "--tests", "--", "--list",
            ])
            .args(["--format", "terse"])
            .args(extra),
    )?;
    Ok(list
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(str::to_owned)
        .collect())
}

/// The names of the tests of one flow, each with whether it is skipped.
fn flow_tests(text: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        let call = [
            "test(",
            "test.skip(",
            "test.todo(",
            "it(",
            "it.skip(",
            "it.todo(",
        ]
        .into_iter()
        .find(|call| line.starts_with(call));
        let Some(call) = call else { continue };
        let rest = &line[call.len()..];
        let Some(quote) = rest
            .chars()
            .next()
            .filter(|c| matches!(c, '\'' | '"' | '`'))
        else {
            continue;
        };
        let Some((name, options)) = rest[1..].split_once(quote) else {
            continue;
        };
        let skipped = call.contains("skip")
            || call.contains("todo")
            || options.contains("skip:")
            || options.contains("todo:");
        found.push((name.to_owned(), skipped));
    }
    found
}

/// Every `S01`, `F12` or `I3` that is a word of `name`, in upper case.
fn numbers_in(name: &str) -> Vec<String> {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .filter_map(|word| {
            let word = word.to_ascii_uppercase();
            let (kind, digits) = word.split_at_checked(1)?;
            let width = if kind == "I" { 1 } else { 2 };
            let right = matches!(kind, "S" | "F" | "I")
                && digits.len() == width
                && digits.chars().all(|c| c.is_ascii_digit());
            right.then_some(word)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{flow_tests, numbers_in, promises};

    #[test]
    fn numbers_are_whole_words() {
        assert_eq!(numbers_in("accept::s50_hundred_accepts"), ["S50"]);
        assert_eq!(numbers_in("s47_s48_web"), ["S47", "S48"]);
        assert_eq!(numbers_in("S01 an altered token"), ["S01"]);
        assert_eq!(numbers_in("i3_membership_iff_accepted"), ["I3"]);
        assert!(numbers_in("is01_x s1_y s011 i12").is_empty());
    }

    #[test]
    fn reads_the_table() {
        let table = "# x\n| Number | Scope | Promise |\n|---|---|---|\n| S01 | now | a |\n| F02 | later | b |";
        let read = promises(table).expect("the table is right");
        assert_eq!(read.len(), 2);
        assert!(read[0].in_scope && !read[1].in_scope);
        assert!(promises("| S01 | now | a |\n| S01 | now | b |").is_err());
        assert!(promises("| S01 | soon | a |").is_err());
        assert!(promises("nothing").is_err());
    }

    #[test]
    fn a_skipped_flow_is_seen() {
        let text = "test('S08 a', async () => {\ntest.skip('S42 b', () => {\ntest('S48 c', { skip: true }, f)";
        let found = flow_tests(text);
        assert_eq!(
            found.iter().map(|f| f.1).collect::<Vec<_>>(),
            [false, true, true]
        );
        assert_eq!(found[0].0, "S08 a");
    }
}
