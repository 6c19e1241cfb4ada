//! `cargo xtask bench load | submit | size | list | search`: the measurements of the README.

use crate::Outcome;
use crate::front::{self, Kind};
use crate::postgres::{Cluster, For};
use crate::project::Project;
use crate::tools::{self, Need};
use crate::{process, run, say, system, test};

/// The most that may be loaded, as brotli sends it, before the grid can be used
/// (wasm, js and css in all).
const LIMIT: u64 = 300_000;

/// Builds the release and measures one thing.
pub fn bench(project: &Project, args: &[String]) -> Outcome {
    let Some((what, rest)) = args.split_first() else {
        return Err(
            "Which one? `cargo xtask bench load`, `submit`, `size`, `list` or `search`.".to_owned(),
        );
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
        "list" | "search" => at_the_server(project, what, rest),
        other => Err(format!(
            "There is no bench `{other}`: load, submit, size, list or search."
        )),
    }
}

/// Fills a throw-away database of each engine, one after the other, and measures the
/// services on it. `--engine sqlite` or `postgres` takes one; the rest is the program's.
fn at_the_server(project: &Project, what: &str, args: &[String]) -> Outcome {
    let mut engines = vec!["sqlite", "postgres"];
    let mut rest: Vec<&String> = args.iter().collect();
    if let Some(place) = args.iter().position(|arg| arg == "--engine") {
        let only = args.get(place + 1).map(String::as_str);
        engines.retain(|engine| Some(*engine) == only);
        rest.drain(place..(place + 2).min(args.len()));
        if engines.is_empty() {
            return Err("The engines are `sqlite` and `postgres`.".to_owned());
        }
    }
    process::run(process::cargo(project).args([
        "build",
        "--release",
        "-p",
        "server",
        "--example",
        "bench",
    ]))?;
    let program = project
        .target
        .join("release/examples")
        .join(format!("bench{}", std::env::consts::EXE_SUFFIX));
    let measure = |database: &std::ffi::OsStr| {
        process::run(
            process::command(project, &program)
                .arg(what)
                .arg(database)
                .args(&rest),
        )
    };
    say::line(&machine());
    for engine in engines {
        say::line(&format!("\n{engine}"));
        if engine == "postgres" {
            // It ends, and its data with it, when it goes out of scope.
            let cluster = Cluster::start(project, For::Tests)?;
            measure(cluster.url.as_ref())?;
        } else {
            let folder = std::env::temp_dir().join(format!("beckon-bench-{}", std::process::id()));
            std::fs::create_dir_all(&folder)
                .map_err(|error| format!("{} cannot be made: {error}.", folder.display()))?;
            let measured = measure(folder.join("bench.db").as_ref());
            // What is left lies in the folder for what is temporary.
            drop(std::fs::remove_dir_all(&folder));
            measured?;
        }
    }
    Ok(())
}

/// What was measured on: processor, how many of it, memory.
fn machine() -> String {
    let line = |file: &str, name: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.lines()
            .find(|line| line.starts_with(name))
            .and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{} × {}, {} of memory",
        processors,
        line("/proc/cpuinfo", "model name"),
        line("/proc/meminfo", "MemTotal"),
    )
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
