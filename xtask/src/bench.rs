//! `cargo xtask bench load | submit | size`: the measurements of the README.

use crate::Outcome;
use crate::front::{self, Kind};
use crate::project::Project;
use crate::tools::{self, Need};
use crate::{process, run, say, system, test};

/// The most that may be loaded, as brotli sends it, before the grid can be used
/// (wasm, js and css in all).
const LIMIT: u64 = 300_000;

/// Builds the release and measures one thing.
pub fn bench(project: &Project, args: &[String]) -> Outcome {
    let Some((what, rest)) = args.split_first() else {
        return Err("Which one? `cargo xtask bench load`, `submit` or `size`.".to_owned());
    };
    match what.as_str() {
        "size" => {
            tools::ensure(project, Need::Release)?;
            front::build(project, Kind::Release)?;
            size(project)
        }
        "load" | "submit" => {
            tools::node(project)?;
            let chromium = system::browser(project)?;
            test::npm_ci(project)?;
            run::build(project)?;
            process::run(
                process::command(project, "node")
                    .arg(format!("bench/{what}.mjs"))
                    .args(rest)
                    .current_dir(project.end2end())
                    .env("BECKON_BIN", project.beckon("release"))
                    .env("CHROMIUM", chromium),
            )
        }
        other => Err(format!(
            "There is no bench `{other}`: load, submit or size."
        )),
    }
}

/// Sums the compressed bytes of what the browser must load until the grid can be used;
/// the chunks that come later (ADR 0009) are named beside it.
fn size(project: &Project) -> Outcome {
    let mut files = Vec::new();
    crate::front::collect(&project.dist(), &mut files);
    files.sort();
    let (mut first, mut later) = (0, 0);
    for file in files {
        let name = file
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let kind = file.extension().and_then(|kind| kind.to_str());
        if !kind.is_some_and(|kind| ["wasm", "js", "css"].contains(&kind)) {
            continue;
        }
        let compressed = file.with_file_name(format!("{name}.br"));
        let bytes = [&compressed, &file]
            .into_iter()
            .find_map(|path| std::fs::metadata(path).ok())
            .map_or(0, |meta| meta.len());
        let chunk = kind == Some("wasm") && !name.starts_with("app-");
        *if chunk { &mut later } else { &mut first } += bytes;
        let note = if chunk { ", loaded later" } else { "" };
        say::line(&format!("{bytes:>9} bytes  {name}{note}"));
    }
    say::line(&format!(
        "{first:>9} bytes of brotli to the first interactive grid; the limit is {LIMIT}"
    ));
    say::line(&format!("{:>9} bytes with what comes later", first + later));
    if first == 0 {
        return Err("There is no built front end in dist.".to_owned());
    }
    if first > LIMIT {
        return Err(format!(
            "The front end is {} bytes over its limit.",
            first - LIMIT
        ));
    }
    Ok(())
}
