//! `cargo xtask screenshots`: the pictures of the README and the guides.

use crate::Outcome;
use crate::project::Project;
use crate::{process, run, system, test, tools};

/// Builds, starts a demo of its own, and lets the browser take the pictures.
pub fn screenshots(project: &Project, args: &[String]) -> Outcome {
    tools::node(project)?;
    let chromium = system::browser(project)?;
    test::npm_ci(project)?;
    run::build_dev(project)?;
    process::run(
        process::command(project, "node")
            .arg("screenshots.mjs")
            .args(args)
            .current_dir(project.end2end())
            .env("BECKON_BIN", project.beckon("debug"))
            .env("BECKON_DIST", project.dist())
            .env("CHROMIUM", chromium),
    )
}
