//! Every class of the style sheets is one that something wears.

use crate::front::collect;
use crate::project::Project;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where classes are worn.
const WORN_IN: [&str; 4] = [
    "frontend/src",
    "frontend/index.html",
    "frontend/assets",
    "server/templates",
];

/// Classes that nothing wears yet, each with what waits for it.
const WAITING: &[(&str, &str)] = &[
    ("grid__cell--mono", "the grid's keys and codes"),
    ("grid__drop", "the grid's columns, moved by dragging"),
    ("grid__status", "the grid's line of counts"),
    ("is-found", "the grid's search"),
    ("is-unmapped", "the grid's columns without a field"),
];

/// Finds the classes in `style` that nothing wears, and those that wait in vain.
pub fn check(project: &Project, findings: &mut Vec<String>) {
    let mut worn = Worn::default();
    for place in WORN_IN {
        for path in files(&project.root.join(place)) {
            if let Ok(text) = fs::read_to_string(&path) {
                worn.read(&text, path.extension().is_some_and(|end| end == "rs"));
            }
        }
    }
    for path in files(&project.root.join("style")) {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let name = path.strip_prefix(&project.root).unwrap_or(&path).display();
        for class in classes(&text) {
            let waits = WAITING.iter().any(|(waiting, _)| *waiting == class);
            if worn.has(&class) == waits {
                findings.push(format!(
                    "{name}: `.{class}` {}",
                    if waits {
                        "is worn now: take it off the list of those that wait"
                    } else {
                        "is worn by nothing: delete its rules"
                    }
                ));
            }
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(folder, &mut found);
    found.sort();
    found
}

/// The classes that sources name.
#[derive(Default)]
struct Worn {
    whole: BTreeSet<String>,
    /// The beginnings of those that are put together, such as `avatar--{}`.
    beginnings: BTreeSet<String>,
}

impl Worn {
    /// Takes in every word of every text in quotes, and `class:name`.
    fn read(&mut self, text: &str, rust: bool) {
        let lines = text.lines();
        let code: Vec<&str> = lines
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        let code = code.join("\n").replace("'\"'", "").replace("\\\"", "");
        for word in code.split('"').skip(1).step_by(2) {
            self.words(word);
        }
        if !rust {
            for line in code.lines() {
                line.split('\'').for_each(|word| self.words(word));
            }
        }
        for rest in code.split("class:").skip(1) {
            self.whole
                .insert(rest.chars().take_while(|c| is_part(*c)).collect());
        }
    }

    fn words(&mut self, text: &str) {
        for word in text.split(|c: char| c.is_whitespace() || c == '.') {
            match word.split_once('{') {
                Some((beginning, _)) if beginning.ends_with("--") => {
                    self.beginnings.insert(beginning.to_owned());
                }
                _ => {
                    self.whole.insert(word.to_owned());
                }
            }
        }
    }

    fn has(&self, class: &str) -> bool {
        let begins = |beginning: &String| class.starts_with(beginning);
        self.whole.contains(class) || self.beginnings.iter().any(begins)
    }
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// The classes that the selectors of a style sheet name.
fn classes(css: &str) -> BTreeSet<String> {
    let mut text = String::new();
    let mut rest = css;
    while let Some((before, comment)) = rest.split_once("/*") {
        text.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let mut found = BTreeSet::new();
    // What stands before a brace, back to the brace or semicolon before it, is a selector.
    for before in text.split('{') {
        let selector = before.rsplit(['}', ';']).next().unwrap_or(before);
        for part in selector.split('.').skip(1) {
            let class: String = part.chars().take_while(|c| is_part(*c)).collect();
            if class.starts_with(|c: char| c.is_ascii_alphabetic()) {
                found.insert(class);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Worn, classes};

    #[test]
    fn finds_the_classes_of_selectors_alone() {
        let css = "@layer x {\n  /* .not-this */\n  .a.is-b > .c__d:not(.e--1)::after { inset: .5px; background: url(x.png) }\n  @media (width < 30.5rem) { .f { top: 0.25em } }\n}";
        let found: Vec<String> = classes(css).into_iter().collect();
        assert_eq!(found, ["a", "c__d", "e--1", "f", "is-b"]);
    }

    #[test]
    fn knows_what_is_worn() {
        let mut worn = Worn::default();
        worn.read(
            "// \"not-this\"\nview! { <a class=\"btn btn--sm\" class:is-open=x> }\nlet c = format!(\"avatar avatar--{}\", 1); let q = '\"';\nmatching(\"[role='tab'] .grid__cell\")",
            true,
        );
        for class in ["btn", "btn--sm", "is-open", "avatar--3", "grid__cell"] {
            assert!(worn.has(class), "{class}");
        }
        for class in ["not-this", "btn--lg", "avatar__x", "is-openly"] {
            assert!(!worn.has(class), "{class}");
        }
    }
}
