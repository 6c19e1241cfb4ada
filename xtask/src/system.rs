//! System packages of the tests: Chromium and a PostgreSQL server.

use crate::Outcome;
use crate::process;
use crate::project::Project;
use crate::say;
use std::path::{Path, PathBuf};

/// The browser of [`ensure`], for a program that starts it.
pub fn browser(project: &Project) -> Outcome<PathBuf> {
    ensure(project, &[Need::Browser])?;
    chromium(project).ok_or_else(|| "Chromium was not found.".to_owned())
}

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

/// What a command needs of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// For the flows, the benches and the pictures.
    Browser,
    /// For the tests of the storage.
    Database,
}

/// Installs what is missing as root on Debian or Ubuntu, and says so first;
/// otherwise answers with the line to run.
pub fn ensure(project: &Project, needs: &[Need]) -> Outcome {
    let missing: Vec<&str> = needs
        .iter()
        .filter_map(|need| match need {
            Need::Browser => chromium(project).is_none().then_some("chromium"),
            Need::Database => postgres_programs(project).is_none().then_some("postgresql"),
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    let install = format!("apt-get install -y --no-install-recommends {packages}");
    let debian = Path::new("/etc/debian_version").is_file();
    if !debian {
        return Err(format!(
            "{packages} is needed: install them with your system's packages."
        ));
    }
    if !process::is_root() {
        return Err(format!("{packages} is needed: run `sudo {install}` first."));
    }
    say::line(&format!("Installing system packages: {packages}"));
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
