//! The documents: every link and picture leads somewhere, every picture is shown and
//! small, and the variables of the environment are those of the code.

use crate::front::collect;
use crate::project::Project;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The most bytes of one picture.
const LARGEST_PICTURE: u64 = 150_000;
/// Where the code reads its environment.
const CODE: [&str; 3] = ["server/src", "server/tests", "xtask/src"];
/// Variables that do not begin with `BECKON_`.
const OTHERS: [&str; 2] = ["DATABASE_URL", "RUST_LOG"];

/// Checks every document of the repository.
pub fn check(project: &Project, findings: &mut Vec<String>) {
    let documents = documents(&project.root);
    let mut shown = BTreeSet::new();
    let mut named = BTreeSet::new();
    for (path, text) in &documents {
        let folder = path.parent().unwrap_or(Path::new(""));
        for (number, target) in links(text) {
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let place = if file.is_empty() {
                path.clone()
            } else {
                tidy(&folder.join(file))
            };
            let there = project.root.join(&place).exists();
            let headed = anchor.is_empty()
                || documents
                    .get(&place)
                    .is_none_or(|text| anchors(text).contains(anchor));
            if !there || !headed {
                findings.push(format!(
                    "{}:{number}: the link to `{target}` leads nowhere",
                    path.display()
                ));
            }
            shown.insert(place);
        }
        named.extend(variables(text));
    }
    check_pictures(&project.root, &shown, findings);
    check_variables(&project.root, &named, findings);
}

/// Every Markdown file, by its path below the root.
fn documents(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = Vec::new();
    collect(root, &mut files);
    files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .filter_map(|path| {
            let text = fs::read_to_string(&path).ok()?;
            Some((path.strip_prefix(root).unwrap_or(&path).to_owned(), text))
        })
        .collect()
}

fn check_pictures(root: &Path, shown: &BTreeSet<PathBuf>, findings: &mut Vec<String>) {
    let mut pictures = Vec::new();
    collect(&root.join("docs/images"), &mut pictures);
    for picture in pictures {
        let name = picture.strip_prefix(root).unwrap_or(&picture);
        if !shown.contains(name) {
            findings.push(format!("{}: no document shows it", name.display()));
        }
        let bytes = fs::metadata(&picture).map_or(0, |meta| meta.len());
        if bytes > LARGEST_PICTURE {
            findings.push(format!(
                "{}: {bytes} bytes; {LARGEST_PICTURE} is the most",
                name.display()
            ));
        }
    }
}

fn check_variables(root: &Path, named: &BTreeSet<String>, findings: &mut Vec<String>) {
    let mut read = BTreeSet::new();
    for folder in CODE {
        let mut files = Vec::new();
        collect(&root.join(folder), &mut files);
        for file in files {
            if let Ok(text) = fs::read_to_string(&file) {
                // In the code a variable is a text of its own.
                let texts = text.split('"').filter(|part| is_variable(part));
                read.extend(texts.map(str::to_owned));
            }
        }
    }
    for lost in named.difference(&read) {
        findings.push(format!(
            "the documents name `{lost}`, which the code does not read"
        ));
    }
    for untold in read.difference(named) {
        findings.push(format!(
            "no document names `{untold}`, which the code reads"
        ));
    }
}

fn is_variable(word: &str) -> bool {
    let ours = word
        .strip_prefix("BECKON_")
        .is_some_and(|rest| !rest.is_empty() && rest.chars().all(is_part));
    ours || OTHERS.contains(&word)
}

fn is_part(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'
}

/// The variables that a text names, as words.
fn variables(text: &str) -> BTreeSet<String> {
    text.split(|c| !is_part(c))
        .filter(|word| is_variable(word))
        .map(str::to_owned)
        .collect()
}

/// The targets of links and pictures inside the repository, with the number of their line.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        for rest in line.split("](").skip(1) {
            let Some((target, _)) = rest.split_once(')') else {
                continue;
            };
            let outside = target.contains("://") || target.starts_with("mailto:");
            if !outside {
                found.push((number, target.to_owned()));
            }
        }
    }
    found
}

/// The lines that are not code, from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    text.lines().enumerate().filter_map(move |(number, line)| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        (!in_code && !fence).then_some((number + 1, line))
    })
}

/// What `#…` may name in a document: its headings, as GitHub spells them.
fn anchors(text: &str) -> BTreeSet<String> {
    prose(text)
        .filter(|(_, line)| line.starts_with('#'))
        .map(|(_, line)| {
            line.trim_start_matches('#')
                .trim()
                .to_lowercase()
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
        .collect()
}

/// A path without `.` and `..`.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if tidied.pop() => {}
            other => tidied.push(other),
        }
    }
    tidied
}

#[cfg(test)]
mod tests {
    use super::{anchors, is_variable, links, tidy, variables};
    use std::path::{Path, PathBuf};

    #[test]
    fn links_of_prose_are_found_and_those_elsewhere_left() {
        let text = "[a](b.md#c) ![d](../e.png)\n```sh\n[x](y)\n```\n[f](https://g.test) [h](#i)";
        let found: Vec<(usize, String)> = links(text);
        let words: Vec<&str> = found.iter().map(|(_, target)| target.as_str()).collect();
        assert_eq!(words, ["b.md#c", "../e.png", "#i"]);
        assert_eq!(found[2].0, 5);
    }

    #[test]
    fn an_anchor_is_the_heading_as_github_spells_it() {
        let found =
            anchors("# How long things take\n\n```\n# no\n```\n## `beckon check`: a list, now");
        let found: Vec<String> = found.into_iter().collect();
        assert_eq!(found, ["beckon-check-a-list-now", "how-long-things-take"]);
    }

    #[test]
    fn variables_are_whole_words() {
        let found = variables("`BECKON_LISTEN=1` $DATABASE_URL, BECKON_* and RUST_LOG_X");
        let found: Vec<String> = found.into_iter().collect();
        assert_eq!(found, ["BECKON_LISTEN", "DATABASE_URL"]);
        assert!(is_variable("RUST_LOG") && !is_variable("BECKON_") && !is_variable("BECKON_a"));
    }

    #[test]
    fn a_path_is_tidied() {
        assert_eq!(
            tidy(Path::new("docs/admin/../images/./a.png")),
            PathBuf::from("docs/images/a.png")
        );
    }
}
