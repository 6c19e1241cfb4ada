//! The dependency rules that can be read off the text of the sources.

use crate::Outcome;
use crate::docs;
use crate::front::collect;
use crate::project::Project;
use crate::styles;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One crate or module that only some folders may name.
struct Rule {
    /// Where the rule holds.
    within: &'static str,
    /// What is not named there.
    names: &'static [&'static str],
    /// Files and folders in which it may be named after all.
    except: &'static [&'static str],
    /// Why.
    because: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        within: "server/src",
        names: &["sqlx"],
        except: &["server/src/storage"],
        because: "only the storage knows the database",
    },
    Rule {
        within: "server/src",
        names: &["axum", "leptos_axum", "tower_http"],
        except: &["server/src/http", "server/src/lib.rs"],
        because: "only the http layer knows the web framework",
    },
    Rule {
        within: "server/src",
        names: &["lettre"],
        except: &["server/src/mail"],
        because: "only the mailer knows SMTP",
    },
    Rule {
        within: "server/src/services",
        names: &["sqlite", "postgres"],
        except: &[],
        because: "services see the storage's traits, not its engines",
    },
    Rule {
        within: "app/src/domain",
        names: &[
            "leptos",
            "server_fn",
            "crate::bulk",
            "crate::api",
            "crate::ports",
        ],
        except: &[],
        because: "the domain is pure and depends on nothing of the app",
    },
    Rule {
        within: "app/src/bulk",
        names: &["leptos", "server_fn", "crate::api", "crate::ports"],
        except: &[],
        because: "the CSV story is pure and depends on the domain alone",
    },
    Rule {
        within: "frontend/src/components",
        names: &["app::api"],
        except: &[],
        because: "only pages call the API; components take what they show",
    },
];

/// A source file's longest allowed length.
const LONGEST: usize = 600;

/// Checks the sources; the sentence lists every finding.
pub fn texts(project: &Project) -> Outcome {
    let mut findings = Vec::new();
    for rule in RULES {
        check_rule(project, rule, &mut findings);
    }
    check_files(project, &mut findings);
    check_routes(project, &mut findings);
    check_migrations(project, &mut findings);
    styles::check(project, &mut findings);
    docs::check(project, &mut findings);
    if let Ok(readme) = fs::read_to_string(project.root.join("README.md")) {
        check_readme(&readme, &mut findings);
    }
    if findings.is_empty() {
        return Ok(());
    }
    findings.sort();
    findings.dedup();
    Err(format!(
        "The sources break {} rule(s):\n{}",
        findings.len(),
        findings.join("\n")
    ))
}

fn check_rule(project: &Project, rule: &Rule, findings: &mut Vec<String>) {
    let allowed = |path: &Path| {
        rule.except
            .iter()
            .any(|e| path.starts_with(project.root.join(e)))
    };
    for path in files(&project.root.join(rule.within), &["rs"]) {
        if allowed(&path) {
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let lines = text.lines().enumerate();
        let lines = lines.map(|(number, line)| (number, line.to_owned()));
        for (number, line) in lines.chain(imports(&text)) {
            for name in rule.names.iter().filter(|name| names_path(&line, name)) {
                findings.push(format!(
                    "{}:{}: names `{name}`, but {}",
                    shown(project, &path),
                    number + 1,
                    rule.because
                ));
            }
        }
    }
}

/// Every import of a source as a line of its own, `use a::{b, c::d};` as two, with the
/// number of the line on which it begins.
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let code = line.trim_start();
        let begins =
            code.starts_with("use ") || (code.starts_with("pub") && code.contains(" use "));
        let Some((_, tree)) = code.split_once("use ").filter(|_| begins) else {
            continue;
        };
        let mut tree = tree.to_owned();
        while !tree.contains(';') {
            let Some((_, more)) = lines.next() else { break };
            tree.push_str(more.split("//").next().unwrap_or(more));
        }
        let tree = tree.split(';').next().unwrap_or(&tree);
        flatten("", tree, &mut |path| {
            found.push((number, format!("use {path};")));
        });
    }
    found
}

/// Hands each path of an import's tree to `each`.
fn flatten(before: &str, tree: &str, each: &mut impl FnMut(String)) {
    let tree = tree.trim();
    let Some((head, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree);
        if !path.is_empty() {
            let path = format!("{before}{path}");
            each(
                path.strip_suffix("::self")
                    .map_or(path.clone(), str::to_owned),
            );
        }
        return;
    };
    let before = format!("{before}{}", head.trim());
    let group = group.strip_suffix('}').unwrap_or(group);
    let mut depth = 0_u32;
    let parts = group.split(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    let parts: Vec<&str> = parts.collect();
    for part in parts {
        flatten(&before, part, each);
    }
}

/// Cells of the README that still wait for a measured figure.
fn check_readme(text: &str, findings: &mut Vec<String>) {
    for (number, line) in text.lines().enumerate() {
        if !line.starts_with('|') {
            continue;
        }
        for cell in line.split('|').map(str::trim) {
            let capitals = cell.chars().all(|c| c.is_ascii_uppercase() || c == '_');
            let named = cell.contains('_') || matches!(cell, "SUBMIT" | "SIZE");
            if capitals && named {
                findings.push(format!("README.md:{}: `{cell}` is no figure", number + 1));
            }
        }
    }
}

/// Whether a line of code (not of comment) uses the path `name`.
fn names_path(line: &str, name: &str) -> bool {
    let code = line.trim_start();
    if code.starts_with("//") {
        return false;
    }
    let mut rest = code;
    while let Some(at) = rest.find(name) {
        let before = rest[..at].chars().next_back();
        let after = &rest[at + name.len()..];
        let starts = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        let used = after.starts_with("::") || (code.starts_with("use ") && after.starts_with(';'));
        if starts && used {
            return true;
        }
        rest = after;
    }
    false
}

fn check_files(project: &Project, findings: &mut Vec<String>) {
    let extensions = ["rs", "css", "mjs", "sql", "html"];
    for folder in [
        "app",
        "server",
        "frontend",
        "xtask",
        "style",
        "migrations",
        "end2end",
    ] {
        for path in files(&project.root.join(folder), &extensions) {
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            let name = shown(project, &path);
            let length = text.lines().count();
            if length > LONGEST {
                findings.push(format!(
                    "{name}: {length} lines; {LONGEST} is the longest allowed"
                ));
            }
            if path.extension().is_some_and(|e| e == "rs") {
                check_lines(&name, &text, findings);
                check_debug(&name, &text, findings);
            }
        }
    }
}

/// What the browser runs shows nothing by Debug: a release writes it as nothing (ADR 0007).
fn check_debug(name: &str, text: &str, findings: &mut Vec<String>) {
    let shipped = ["frontend/src/", "app/src/"]
        .iter()
        .any(|folder| name.starts_with(folder));
    if !shipped || name.ends_with("tests.rs") {
        return;
    }
    let code = text
        .lines()
        .take_while(|line| line.trim() != "#[cfg(test)]");
    for (number, line) in code.enumerate() {
        if line.contains(":?}") && !line.trim_start().starts_with("//") {
            findings.push(format!(
                "{name}:{}: formats by Debug, which writes nothing in a release",
                number + 1
            ));
        }
    }
}

fn check_lines(name: &str, text: &str, findings: &mut Vec<String>) {
    // Written apart so that this file does not find itself.
    let forbidden = [
        (
            concat!("#[al", "low("),
            "say #[expect(…, reason = \"…\")] instead",
        ),
        (
            concat!("#![al", "low("),
            "say #![expect(…, reason = \"…\")] instead",
        ),
        (concat!("TO", "DO"), "finish it, or write an issue"),
        (concat!("FIX", "ME"), "finish it, or write an issue"),
    ];
    for (number, line) in text.lines().enumerate() {
        for (what, cure) in forbidden {
            if line.contains(what) {
                findings.push(format!("{name}:{}: `{what}`: {cure}", number + 1));
            }
        }
    }
}

/// Where the router is made: one match over `Route`, whose every variant stands in the
/// authorisation table. A route that is added elsewhere or besides would be in no table.
const ROUTER: &str = "server/src/http/mod.rs";
/// How routes come into a router of axum.
const ADD_ROUTES: [&str; 10] = [
    ".route(",
    ".route_service(",
    ".fallback(",
    ".fallback_service(",
    ".method_not_allowed_fallback(",
    ".nest(",
    ".nest_service(",
    ".merge(",
    ".leptos_routes(",
    ".leptos_routes_with_context(",
];

fn check_routes(project: &Project, findings: &mut Vec<String>) {
    for path in files(&project.root.join("server/src"), &["rs"]) {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let name = shown(project, &path);
        let in_router = name == ROUTER;
        for number in routes_by_hand(&text, in_router) {
            findings.push(format!(
                "{name}:{number}: adds a route by hand; a route is a variant of `Route`, added in the match of {ROUTER}, so that the authorisation test demands its line"
            ));
        }
    }
}

/// The lines that add routes; in the router's own file only those that stand in no arm of
/// the match over `Route`.
fn routes_by_hand(text: &str, in_router: bool) -> Vec<usize> {
    let mut found = Vec::new();
    let mut in_arm = false;
    for (number, line) in text.lines().enumerate() {
        let code = line.trim_start();
        if code.starts_with("//") {
            continue;
        }
        if in_router && code.starts_with("Route::") && code.contains(" => ") {
            in_arm = true;
        }
        let adds: usize = ADD_ROUTES.iter().map(|add| code.matches(add).count()).sum();
        // An arm adds the one route that it is named after.
        if adds > usize::from(in_arm) {
            found.push(number + 1);
        }
        if adds > 0 || code.starts_with('}') {
            in_arm = false;
        }
    }
    found
}

fn check_migrations(project: &Project, findings: &mut Vec<String>) {
    let names = |engine: &str| -> BTreeSet<String> {
        files(&project.root.join("migrations").join(engine), &["sql"])
            .iter()
            .filter_map(|path| {
                path.file_name()
                    .map(|name| name.to_string_lossy().into_owned())
            })
            .collect()
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    for name in sqlite.symmetric_difference(&postgres) {
        findings.push(format!("migrations: {name} is there for one engine only"));
    }
}

fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(folder, &mut found);
    found.retain(|path| {
        path.extension()
            .is_some_and(|e| extensions.iter().any(|wanted| e == *wanted))
    });
    found.sort();
    found
}

fn shown(project: &Project, path: &Path) -> String {
    path.strip_prefix(&project.root)
        .unwrap_or(path)
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::{check_debug, check_lines, check_readme, imports, names_path, routes_by_hand};

    #[test]
    fn a_rule_sees_code_and_not_comments_or_longer_names() {
        assert!(names_path("use axum::Router;", "axum"));
        assert!(names_path("    let x = axum::serve(l, r);", "axum"));
        assert!(names_path("use sqlx;", "sqlx"));
        assert!(names_path("#[derive(sqlx::FromRow)]", "sqlx"));
        assert!(names_path("use crate::api::client;", "crate::api"));
        assert!(!names_path("// axum::Router is not for here", "axum"));
        assert!(!names_path("use leptos_axum::x;", "axum"));
        assert!(!names_path("let axum = 1;", "axum"));
    }

    #[test]
    fn debug_is_no_text_for_people() {
        let of = |name: &str, text: &str| {
            let mut findings = Vec::new();
            check_debug(name, text, &mut findings);
            findings.len()
        };
        let line = "fn a() { format!(\"{x:?}\") }\n";
        assert_eq!(of("frontend/src/a.rs", line), 1);
        assert_eq!(of("app/src/a.rs", line), 1);
        assert_eq!(of("server/src/a.rs", line), 0);
        assert_eq!(of("app/src/bulk/cure_tests.rs", line), 0);
        let tested = format!("#[cfg(test)]\nmod tests {{\n{line}}}\n");
        assert_eq!(of("frontend/src/a.rs", &tested), 0);
    }

    #[test]
    fn a_grouped_import_is_seen_through() {
        let text = "//! Words.\n\nuse app::{\n    api::{ApiError, client::{self, call as send}}, // why\n    domain::id,\n};\npub(super) use std::fmt;\nlet x = 1;\n";
        let found = imports(text);
        let paths: Vec<&str> = found.iter().map(|(_, path)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "use app::api::ApiError;",
                "use app::api::client;",
                "use app::api::client::call;",
                "use app::domain::id;",
                "use std::fmt;",
            ]
        );
        assert_eq!(found[0].0, 2);
        assert!(found.iter().any(|(_, line)| names_path(line, "app::api")));
        let whole = imports("use app::{api};");
        assert!(whole.iter().any(|(_, line)| names_path(line, "app::api")));
    }

    #[test]
    fn a_cell_without_its_figure_is_found() {
        let mut findings = Vec::new();
        check_readme(
            "| `BECKON_LISTEN` | `x` |\n|---|---|\n| Submit | 2,140 ms | SUBMIT |\n| load | LOAD_ALL |\nSIZE",
            &mut findings,
        );
        assert_eq!(
            findings,
            [
                "README.md:3: `SUBMIT` is no figure",
                "README.md:4: `LOAD_ALL` is no figure"
            ]
        );
    }

    #[test]
    fn a_silenced_lint_is_found() {
        let mut findings = Vec::new();
        check_lines(
            "x.rs",
            concat!("fn a() {}\n#[al", "low(dead_code)]\nfn b() {}"),
            &mut findings,
        );
        assert_eq!(findings.len(), 1);
        assert!(findings[0].starts_with("x.rs:2:"));
    }

    #[test]
    fn s22_a_route_that_is_added_by_hand_is_found() {
        let router = "match route {\n\
             Route::Health => router.route(route.path(), get(health)),\n\
             Route::Api => router.route(\n\
                 route.path(),\n\
             ),\n\
             Route::Front => router.fallback(spa::serve),\n\
             })\n";
        assert!(routes_by_hand(router, true).is_empty());
        assert_eq!(routes_by_hand(router, false), [2, 3, 6]);
        // The real one is read as it is meant.
        let real = include_str!("../../server/src/http/mod.rs");
        assert!(routes_by_hand(real, true).is_empty());
        assert_eq!(routes_by_hand(real, false).len(), 5);
        let more = format!("{router}.route(\"/debug\", get(debug))\n.merge(other)\n");
        assert_eq!(routes_by_hand(&more, true), [8, 9]);
        let twice = "Route::Health => router.route(a, b).route(c, d),";
        assert_eq!(routes_by_hand(twice, true), [1]);
        assert!(routes_by_hand("// .route( is for the router", false).is_empty());
        assert!(routes_by_hand("let x = set.union(other);", false).is_empty());
    }
}
