//! The project's commands: `cargo xtask run | test | lint | build | …`.
//!
//! Everything a newcomer needs is here, so that `cargo xtask run` and
//! `cargo xtask test` are the only two commands to remember. It depends on
//! `std` and `serde_json` alone and therefore compiles in seconds.

mod bench;
mod deny;
mod docs;
mod front;
mod lint;
mod mutant_list;
mod mutants;
mod postgres;
mod process;
mod project;
mod rules;
mod run;
mod say;
mod screenshots;
mod secrets;
mod styles;
mod system;
mod tally;
mod test;
mod tools;
mod trust;

use project::Project;
use std::process::ExitCode;

/// What every command answers: nothing, or one sentence for the person.
pub type Outcome<T = ()> = Result<T, String>;

const HELP: &str = "\
Beckon's commands

  cargo xtask run [--release] [-- ARGS]   get what is missing, build, serve the demo
                                          (ARGS go to `beckon demo`, as in -- --listen 127.0.0.1:8080)
  cargo xtask test                        every test: Rust, SQLite and PostgreSQL, browser
      --rust | --browser                  only one half
      --release                           drives the front end as it is shipped
      --only NAME                         only tests whose name contains NAME
  cargo xtask lint                        formatting, clippy, dependency rules, cargo deny,
                                          secrets
  cargo xtask build                       the release: one file, target/release/beckon
  cargo xtask setup                       only get the pinned tools into .tools
  cargo xtask trust                       which promises of docs/trust.md have their test
      --mutants [NAME]                    takes each guard away (or those named so): its
                                          test must fail; takes long, by hand or nightly
  cargo xtask bench load|submit|size      the measurements of the README, in the browser
  cargo xtask bench list|search           and at the server, on both engines, among millions
      --rows N, --items N, --runs N       fewer rows, courses, calls
      --engine sqlite|postgres            only one engine
  cargo xtask screenshots                 take the pictures of the documents
  cargo xtask deny [--advisories]         only the licence, ban and source check; known
                                          weaknesses as well, by the database on the network
  cargo xtask secrets                     looks for keys and passwords in the tree and its history
  cargo xtask help                        this text";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            say::failure(&sentence);
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Outcome {
    let Some((command, rest)) = args.split_first() else {
        say::line(HELP);
        return Ok(());
    };
    if matches!(command.as_str(), "help" | "--help" | "-h") {
        say::line(HELP);
        return Ok(());
    }
    let project = Project::find()?;
    match command.as_str() {
        "run" => run::run(&project, rest),
        "build" => no_arguments(command, rest).and_then(|()| run::build(&project)),
        "test" => test::test(&project, rest),
        "lint" => no_arguments(command, rest).and_then(|()| lint::lint(&project)),
        "setup" => no_arguments(command, rest).and_then(|()| tools::setup(&project)),
        "trust" => trust::command(&project, rest),
        "deny" if rest == ["--advisories"] => deny::advisories(&project),
        "deny" => no_arguments(command, rest).and_then(|()| deny::deny(&project)),
        "secrets" => no_arguments(command, rest).and_then(|()| secrets::secrets(&project)),
        "screenshots" => screenshots::screenshots(&project, rest),
        "bench" => bench::bench(&project, rest),
        other => Err(format!(
            "There is no command `{other}`; `cargo xtask help` lists those there are."
        )),
    }
}

fn no_arguments(command: &str, rest: &[String]) -> Outcome {
    match rest.first() {
        None => Ok(()),
        Some(extra) => Err(format!(
            "`cargo xtask {command}` takes no argument, not `{extra}`."
        )),
    }
}
