//! System packages of the tests: Chromium and a PostgreSQL server.

use crate::Outcome;
use crate::process;
use crate::project::Project;
use crate::say;
use std::path::{Path, PathBuf};

/// The browser of the tests: `CHROMIUM`, or the system's own.
pub fn chromium(project: &Project) -> Option<PathBuf> {
    match std::env::var_os("CHROMIUM") {
        Some(path) => Some(PathBuf::from(path)),
        None => process::which(project, &["chromium", "chromium-browser", "google-chrome"]),
    }
}

/// The folder that holds `initdb` and `postgres`, the newest one there is.
pub fn postgres_programs(project: &Project) -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok();
    let mut found: Vec<(u32, PathBuf)> = versions
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_string_lossy().parse().ok()?;
            let folder = entry.path().join("bin");
            folder.join("initdb").is_file().then_some((version, folder))
        })
        .collect();
    found.sort();
    found.pop().map(|(_, folder)| folder).or_else(|| {
        let initdb = process::which(project, &["initdb"])?;
        initdb.parent().map(Path::to_path_buf)
    })
}

/// Installs what is missing as root on Debian or Ubuntu, and says so first;
/// otherwise answers with the line to run.
pub fn ensure(project: &Project, browser: bool) -> Outcome {
    let mut missing = Vec::new();
    if browser && chromium(project).is_none() {
        missing.push("chromium");
    }
    if postgres_programs(project).is_none() {
        missing.push("postgresql");
    }
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    let install = format!("apt-get install -y --no-install-recommends {packages}");
    let debian = Path::new("/etc/debian_version").is_file();
    if !debian {
        return Err(format!(
            "The tests need {packages}: install them with your system's packages."
        ));
    }
    if !process::is_root() {
        return Err(format!(
            "The tests need {packages}: run `sudo {install}` first."
        ));
    }
    say::line(&format!(
        "Installing system packages for the tests: {packages}"
    ));
    let apt = |arguments: &[&str]| {
        process::run(
            process::command(project, "apt-get")
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )
    };
    apt(&["update", "-q"])?;
    let mut arguments = vec!["install", "-q", "-y", "--no-install-recommends"];
    arguments.extend(missing);
    apt(&arguments)
}
