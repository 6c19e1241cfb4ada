//! `cargo xtask run` and `cargo xtask build`.

use crate::Outcome;
use crate::front::{self, Kind};
use crate::process;
use crate::project::Project;
use crate::say::{self, Steps};
use crate::tools::{self, Need};
use std::process::Command;

/// Gets what is missing, builds, and becomes `beckon demo`.
pub fn run(project: &Project, args: &[String]) -> Outcome {
    let mut kind = Kind::Dev;
    let mut rest = args;
    while let Some((first, tail)) = rest.split_first() {
        match first.as_str() {
            "--release" => kind = Kind::Release,
            "--" => {
                rest = tail;
                break;
            }
            other => {
                return Err(format!(
                    "`cargo xtask run` knows --release and, after `--`, what `beckon demo` takes; not `{other}`."
                ));
            }
        }
        rest = tail;
    }
    match kind {
        Kind::Dev => build_dev(project)?,
        Kind::Release => build(project)?,
    }
    let profile = if kind == Kind::Release {
        "release"
    } else {
        "debug"
    };
    say::line("\nStarting the demo; open the address below, end it with Ctrl-C.");
    let mut demo = process::command(project, project.beckon(profile));
    demo.arg("demo").args(rest);
    if kind == Kind::Dev {
        // This copy's front end, even where several share one target folder.
        demo.env("BECKON_DIST", project.dist());
    }
    become_program(demo)
}

/// The quick build that `run` and `test` share.
pub fn build_dev(project: &Project) -> Outcome {
    tools::ensure(project, Need::Dev)?;
    let mut steps = Steps::new(2);
    steps.step("Front end (wasm)", || front::build(project, Kind::Dev))?;
    steps.step("Server", || {
        process::run(process::cargo(project).args(["build", "-p", "server"]))
    })
}

/// `cargo xtask build`: the release, one file with the front end inside.
pub fn build(project: &Project) -> Outcome {
    tools::ensure(project, Need::Release)?;
    let mut steps = Steps::new(2);
    steps.step("Front end (wasm, optimised for size)", || {
        front::build(project, Kind::Release)
    })?;
    steps.step("Server (release, front end embedded)", || {
        process::run(process::cargo(project).args(["build", "--release", "-p", "server"]))
    })?;
    let binary = project.beckon("release");
    let size = std::fs::metadata(&binary).map_or(0, |meta| meta.len());
    say::line(&format!(
        "\n{} ({:.1} MB): `beckon --help` explains it.",
        binary.display(),
        size as f64 / 1e6
    ));
    Ok(())
}

/// Replaces this process, so that Ctrl-C and signals reach the server alone.
#[cfg(unix)]
fn become_program(mut program: Command) -> Outcome {
    use std::os::unix::process::CommandExt as _;
    let error = program.exec();
    Err(format!("The server could not be started: {error}."))
}

#[cfg(not(unix))]
fn become_program(mut program: Command) -> Outcome {
    process::run(&mut program)
}
