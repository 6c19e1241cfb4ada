//! The list of the guards that `cargo xtask trust --mutants` takes away.

use crate::Outcome;

/// Where it is.
pub const LIST: &str = "server/tests/mutants.txt";

/// One guard that is taken away.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mutant {
    pub name: String,
    /// What `cargo test` is told.
    pub test: Vec<String>,
    pub changes: Vec<Change>,
}

/// Lines of a file that are replaced.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub file: String,
    pub before: String,
    pub after: String,
}

/// Reads the list.
pub fn parse(list: &str) -> Outcome<Vec<Mutant>> {
    let mut mutants: Vec<Mutant> = Vec::new();
    let mut current: Option<Mutant> = None;
    let mut file = String::new();
    let mut added = false;
    for line in list.lines().chain([""]) {
        let Some(mutant) = &mut current else {
            if !line.is_empty() && !line.starts_with('#') {
                current = Some(Mutant {
                    name: line.to_owned(),
                    ..Mutant::default()
                });
            }
            continue;
        };
        if line.is_empty() {
            if mutant.test.is_empty() || mutant.changes.is_empty() {
                return Err(format!("{LIST}: `{}` is not whole.", mutant.name));
            }
            mutants.extend(current.take());
        } else if let Some(test) = line.strip_prefix("test ") {
            mutant.test = test.split_whitespace().map(str::to_owned).collect();
        } else if let Some(path) = line.strip_prefix("file ") {
            path.clone_into(&mut file);
            added = true;
        } else if let Some(before) = line.strip_prefix('-') {
            if added {
                mutant.changes.push(Change {
                    file: file.clone(),
                    ..Change::default()
                });
            }
            added = false;
            if let Some(change) = mutant.changes.last_mut() {
                change.before.push_str(before);
                change.before.push('\n');
            }
        } else if let (Some(after), Some(change)) =
            (line.strip_prefix('+'), mutant.changes.last_mut())
        {
            added = true;
            change.after.push_str(after);
            change.after.push('\n');
        } else {
            return Err(format!("{LIST}: `{line}` is not understood."));
        }
    }
    Ok(mutants)
}

/// The text with the change; how often its lines stand there where that is not once.
pub fn replaced(text: &str, change: &Change) -> Result<String, String> {
    let lines: Vec<&str> = text.lines().collect();
    let before: Vec<&str> = change.before.lines().collect();
    let places: Vec<usize> = lines
        .windows(before.len().max(1))
        .enumerate()
        .filter(|(_, window)| *window == before)
        .map(|(place, _)| place)
        .collect();
    let [place] = places[..] else {
        return Err(format!(
            "`{}` stands {} times",
            change.before.trim(),
            places.len()
        ));
    };
    let mut after: Vec<&str> = lines[..place].to_vec();
    after.extend(change.after.lines());
    after.extend(&lines[place + before.len()..]);
    Ok(after.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::{Change, parse, replaced};

    #[test]
    fn reads_the_list() {
        let list = "# why\n\nS01 a guard\ntest -p server s01_\nfile a.rs\n-  if a {\n+  if b {\n\
            -x\nfile b.rs\n-y\n-z\n\nS02 another\ntest s02_\nfile c.rs\n-q\n+r\n";
        let mutants = parse(list).expect("the list is right");
        assert_eq!(mutants.len(), 2);
        assert_eq!(mutants[0].test, ["-p", "server", "s01_"]);
        let changes: Vec<(&str, &str, &str)> = mutants[0]
            .changes
            .iter()
            .map(|change| (&*change.file, &*change.before, &*change.after))
            .collect();
        assert_eq!(
            changes,
            [
                ("a.rs", "  if a {\n", "  if b {\n"),
                ("a.rs", "x\n", ""),
                ("b.rs", "y\nz\n", "")
            ]
        );
        assert!(parse("S01 a guard\ntest s01_\n").is_err());
        assert!(parse("S01 a guard\nwhat is this\n").is_err());
    }

    #[test]
    fn whole_lines_that_stand_once_are_replaced() {
        let change = |before: &str, after: &str| Change {
            file: String::new(),
            before: before.to_owned(),
            after: after.to_owned(),
        };
        let text = "a\nb\nc\nbb\n";
        assert_eq!(
            replaced(text, &change("b\nc\n", "x\n")).as_deref(),
            Ok("a\nx\nbb\n")
        );
        assert!(replaced(text, &change("d\n", "")).is_err());
        assert!(replaced("a\na\n", &change("a\n", "")).is_err());
    }
}
