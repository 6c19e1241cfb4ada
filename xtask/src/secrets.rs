//! `cargo xtask secrets`: no key, token or password of somebody's stands in the tree or in
//! its history (S58). What is found is said without being shown.

use crate::Outcome;
use crate::process;
use crate::project::Project;
use crate::say;

/// A kind of secret that is known by how it begins: name, beginning, how many characters of
/// its alphabet follow at least.
struct Known {
    name: &'static str,
    /// In two parts, so that this file holds none of them.
    begins: (&'static str, &'static str),
    follow: usize,
}

const fn known(name: &'static str, begins: (&'static str, &'static str), follow: usize) -> Known {
    Known {
        name,
        begins,
        follow,
    }
}

const KNOWN: [Known; 22] = [
    known("a key of AWS", ("AK", "IA"), 16),
    known("a key of AWS", ("AS", "IA"), 16),
    known("a token of GitHub", ("gh", "p_"), 36),
    known("a token of GitHub", ("gh", "o_"), 36),
    known("a token of GitHub", ("gh", "u_"), 36),
    known("a token of GitHub", ("gh", "s_"), 36),
    known("a token of GitHub", ("gh", "r_"), 36),
    known("a token of GitHub", ("github", "_pat_"), 22),
    known("a token of GitLab", ("glp", "at-"), 20),
    known("a token of Slack", ("xox", "b-"), 10),
    known("a token of Slack", ("xox", "p-"), 10),
    known("a token of Slack", ("xap", "p-"), 10),
    known("a key of Stripe", ("sk_", "live_"), 16),
    known("a key of Stripe", ("rk_", "live_"), 16),
    known("a secret of a webhook of Stripe", ("wh", "sec_"), 24),
    known("a key of Google", ("AI", "za"), 35),
    known("a token of npm", ("np", "m_"), 36),
    known("a token of PyPI", ("py", "pi-AgEI"), 50),
    known("a key of SendGrid", ("SG", "."), 50),
    known("a token of Hugging Face", ("h", "f_"), 30),
    known("a key of Anthropic", ("sk-", "ant-"), 20),
    known("a signed token (JWT)", ("ey", "JhbGciOi"), 40),
];

/// Files that hold secrets by what they are called.
const FILES: [&str; 12] = [
    ".env",
    ".pem",
    ".p12",
    ".pfx",
    ".jks",
    ".kdbx",
    ".keystore",
    ".netrc",
    "id_rsa",
    "id_ed25519",
    ".sqlite3",
    "credentials.toml",
];

/// What was looked at and is none: the file, and why it may stay in the history.
const LOOKED_AT: [(&str, &str); 1] = [(
    "server/.beckon/beckon.sqlite3",
    "a database without a row, which a test left behind",
)];

/// Looks through the files as they are, and through every line that was ever added.
pub fn secrets(project: &Project) -> Outcome {
    let mut found = in_tree(project)?;
    found.extend(in_history(project)?);
    found.sort();
    found.dedup();
    if found.is_empty() {
        return Ok(());
    }
    for one in &found {
        say::line(&format!("      {one}"));
    }
    Err(format!(
        "{} place(s) hold what looks like a secret. Take it out, draw a new one where it was \
         in use, and rewrite what was pushed.",
        found.len()
    ))
}

/// The files that git knows or would add.
fn in_tree(project: &Project) -> Outcome<Vec<String>> {
    let listed = process::output(process::command(project, "git").args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    let mut found = Vec::new();
    for name in listed.split('\0').filter(|name| !name.is_empty()) {
        if is_secret_file(name) {
            found.push(format!("{name}: a file of this name holds secrets"));
        }
        // What was deleted and not yet committed is no longer there.
        let Ok(bytes) = std::fs::read(project.root.join(name)) else {
            continue;
        };
        for (number, line) in String::from_utf8_lossy(&bytes).lines().enumerate() {
            if let Some(kind) = secret_in(line) {
                found.push(format!("{name}:{}: {kind}", number + 1));
            }
        }
    }
    Ok(found)
}

/// Every line that a commit before this one added, and what the commits say.
/// Stands for a file's name while a commit's message is read; a line of a list begins there
/// as one that was taken out begins in a patch.
const MESSAGE: &str = "what the commit says";

fn in_history(project: &Project) -> Outcome<Vec<String>> {
    let mut found = Vec::new();
    let mut commit = String::new();
    let mut file = String::new();
    let status = process::lines(
        process::command(project, "git").args([
            "log",
            "--patch",
            "--text",
            "--unified=0",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--no-renames",
            "--diff-merges=first-parent",
            "--format=commit %H%n%B",
            "HEAD",
        ]),
        |line| {
            if let Some(hash) = line.strip_prefix("commit ") {
                hash.get(..12).unwrap_or(hash).clone_into(&mut commit);
                MESSAGE.clone_into(&mut file);
            } else if line.starts_with("diff --git ") {
                "a file that went".clone_into(&mut file);
            } else if let Some(name) = line.strip_prefix("+++ b/") {
                name.clone_into(&mut file);
                if is_secret_file(name) && LOOKED_AT.iter().all(|(file, _)| file != &name) {
                    found.push(format!(
                        "{commit} {name}: a file of this name holds secrets"
                    ));
                }
            } else if (file == MESSAGE || !line.starts_with('-'))
                && let Some(kind) = secret_in(line)
            {
                found.push(format!("{commit} {file}: {kind}"));
            }
        },
    )?;
    if status.success() {
        Ok(found)
    } else {
        Err("git did not show the history".to_owned())
    }
}

fn is_secret_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    FILES
        .iter()
        .any(|file| name == *file || (file.starts_with('.') && name.ends_with(file)))
}

/// What kind of secret a line holds, if any.
fn secret_in(line: &str) -> Option<&'static str> {
    // In two parts, as above.
    if line.contains(&["-----", "BEGIN "].concat()) && line.contains("PRIVATE KEY") {
        return Some("a private key");
    }
    KNOWN
        .iter()
        .find(|known| {
            let begins = [known.begins.0, known.begins.1].concat();
            line.match_indices(&begins).any(|(at, _)| {
                let starts_a_word = !line[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
                starts_a_word && looks_drawn(&line[at + begins.len()..], known.follow)
            })
        })
        .map(|known| known.name)
        .or_else(|| has_password(line).then_some("a password in an address"))
}

/// Whether a text goes on with at least so many characters of a token, which are not one
/// letter over and over as in an example.
fn looks_drawn(text: &str, least: usize) -> bool {
    let token: Vec<u8> = text
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        .collect();
    let mut different = token.clone();
    different.sort_unstable();
    different.dedup();
    token.len() >= least && different.len() >= 6
}

/// Whether a line holds `scheme://name:password@host` with a host that is somebody's: those
/// of tests and examples are nobody's (RFC 2606).
fn has_password(line: &str) -> bool {
    line.match_indices("://").any(|(at, _)| {
        let rest = &line[at + 3..];
        let end = rest
            .find(|c: char| {
                c.is_whitespace()
                    || matches!(
                        c,
                        '/' | '"' | '\'' | '`' | '<' | '>' | ')' | '?' | '\\' | ';'
                    )
            })
            .unwrap_or(rest.len());
        let Some((user, host)) = rest[..end].rsplit_once('@') else {
            return false;
        };
        let Some((_, password)) = user.split_once(':') else {
            return false;
        };
        let host = host
            .split(':')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let nobodys = ["test", "example", "invalid", "localhost"]
            .iter()
            .any(|top| host == *top || host.ends_with(&format!(".{top}")))
            || ["example.com", "example.org", "example.net"]
                .iter()
                .any(|name| host == *name || host.ends_with(&format!(".{name}")))
            || host.starts_with("127.")
            || !host.contains('.');
        let placeholder = password.is_empty()
            || password.starts_with(['{', '$', '<', '*', '…', '%'])
            || password
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b == b'_');
        !nobodys && !placeholder
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made at run time, so that the tree does not hold it.
    fn planted(begins: (&str, &str), length: usize) -> String {
        let drawn: String = "aB3dE6gH9jK2mN5pQ8sT"
            .chars()
            .cycle()
            .take(length)
            .collect();
        format!("{}{}{drawn}", begins.0, begins.1)
    }

    #[test]
    fn s58_every_kind_of_secret_is_seen() {
        for known in &KNOWN {
            let token = planted(known.begins, known.follow);
            for line in [
                token.clone(),
                format!("+let key = \"{token}\";"),
                format!("KEY={token} # mine"),
            ] {
                assert_eq!(secret_in(&line), Some(known.name));
            }
        }
        let key = ["-----", "BEGIN OPENSSH PRIVATE KEY-----"].concat();
        assert_eq!(secret_in(&key), Some("a private key"));
        let address = ["postgres://beckon:", "s3cret@db.acme-corp.com/beckon"].concat();
        assert_eq!(secret_in(&address), Some("a password in an address"));
        for file in ["deploy/.env", "id_rsa", "tls/server.pem", "beckon.sqlite3"] {
            assert!(is_secret_file(file), "{file}");
        }
    }

    #[test]
    fn s58_what_is_no_secret_is_none() {
        for line in [
            "the prefix ghp_ of a token",
            "smtp://u:secret@mail.test",
            "postgres://beckon:beckon@localhost/beckon",
            "smtps://NAME:PASSWORD@mail.your-host.com",
            "https://docs.rs/x@1.0",
            "git@github.com:x/y",
            "FAKIAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(secret_in(line), None, "{line}");
        }
        let same = format!("{}{}", ["AK", "IA"].concat(), "X".repeat(16));
        assert_eq!(secret_in(&same), None, "an example");
        for file in ["environment.rs", "server/keys.rs", ".envrc.md"] {
            assert!(!is_secret_file(file), "{file}");
        }
    }

    #[test]
    fn s58_a_planted_secret_is_found_in_the_tree_and_after_it_was_removed() {
        let root = std::env::temp_dir().join(format!("beckon-secrets-{}", std::process::id()));
        let _old = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(&root).expect("a folder");
        let project = Project {
            target: root.join("target"),
            root: root.clone(),
        };
        let git = |args: &[&str]| {
            let done = process::output(
                process::command(&project, "git")
                    .args(["-c", "user.name=x", "-c", "user.email=x@x.test"])
                    .args(args),
            );
            assert!(done.is_ok(), "{args:?}: {done:?}");
        };
        git(&["init", "--quiet"]);
        let file = root.join("notes.txt");
        let token = planted(KNOWN[2].begins, 36);
        std::fs::write(&file, "nothing\n").expect("a file");
        git(&["add", "--all"]);
        git(&["commit", "--quiet", "--message", "One"]);
        assert_eq!(secrets(&project), Ok(()));
        std::fs::write(&file, format!("nothing\nkey = {token}\n")).expect("a file");
        let found = in_tree(&project).expect("a list");
        assert_eq!(found, ["notes.txt:2: a token of GitHub"]);
        git(&["commit", "--quiet", "--all", "--message", "Two"]);
        std::fs::write(&file, "nothing\n").expect("a file");
        git(&["commit", "--quiet", "--all", "--message", "Three"]);
        assert_eq!(in_tree(&project), Ok(Vec::new()));
        let found = in_history(&project).expect("a history");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with("notes.txt: a token of GitHub"));
        assert!(!found[0].contains(&token), "it is not shown");
        assert!(secrets(&project).is_err());
        let _gone = std::fs::remove_dir_all(&root);
    }

    #[test]
    fn s58_this_tree_and_its_history_hold_no_secret() {
        let project = Project::find().expect("the project");
        assert_eq!(secrets(&project), Ok(()));
    }
}
