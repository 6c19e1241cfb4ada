//! `cargo xtask deny`: licences, bans and sources. Advisories come from a database on the
//! network and are not part of what must work offline: `cargo xtask deny --advisories`.

use crate::Outcome;
use crate::process;
use crate::project::Project;
use crate::say;
use crate::tools::{self, CARGO_DENY, CargoTool};

const TOOL: CargoTool = CargoTool {
    package: "cargo-deny",
    binary: "cargo-deny",
    version: CARGO_DENY,
    locked: true,
    arguments: &["--no-default-features"],
    opt_level: "0",
};

/// Checks deny.toml's rules; gets cargo-deny when the pinned version is not there.
pub fn deny(project: &Project) -> Outcome {
    let mut command = program(project)?;
    // Licences are read from the crates' sources, of every platform in the lock file.
    process::run(process::cargo(project).args(["fetch", "--locked", "--quiet"]))?;
    say::line("      advisories are not checked: their database needs the network");
    process::run(command.args(["--offline", "check", "bans", "licenses", "sources"]))
}

/// Asks the database of known weaknesses, which is got by git and kept for the next time.
pub fn advisories(project: &Project) -> Outcome {
    process::run(program(project)?.args(["check", "advisories"]))
}

fn program(project: &Project) -> Outcome<std::process::Command> {
    if !tools::installed(project, &TOOL) {
        say::line(&format!(
            "      getting cargo-deny {CARGO_DENY}, once, into .tools"
        ));
        tools::install(project, &TOOL)?;
        tools::remove_build_output(project)?;
    }
    let program = project.tools().join("bin/cargo-deny");
    Ok(process::command(project, program))
}
