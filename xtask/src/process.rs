//! Starting other programs, and reading what they say as they say it.

use crate::Outcome;
use crate::project::Project;
use crate::say::Heartbeat;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// A command in the project's root, with the pinned tools first on `PATH`.
pub fn command(project: &Project, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(&project.root)
        .env("PATH", path_with_tools(project));
    // `cargo run` describes xtask in these; build scripts that watch them
    // (ring's does) would otherwise run again at each change of the caller.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"]
            .iter()
            .any(|p| text.starts_with(p))
        {
            command.env_remove(&name);
        }
    }
    // `cargo run` points it at the compiler's own libraries, which no other program wants.
    command.env_remove("LD_LIBRARY_PATH");
    command
}

/// Cargo itself, the one that runs this command.
pub fn cargo(project: &Project) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    command(project, program)
}

fn path_with_tools(project: &Project) -> OsString {
    let tools = project.tools();
    let mut paths = vec![tools.join("bin"), tools.join("npm/node_modules/.bin")];
    if let Some(path) = std::env::var_os("PATH") {
        paths.extend(std::env::split_paths(&path));
    }
    std::env::join_paths(paths).unwrap_or_else(|_| std::env::var_os("PATH").unwrap_or_default())
}

/// Runs a command whose output goes straight to the person.
pub fn run(command: &mut Command) -> Outcome {
    let status = status(command)?;
    if status.success() {
        Ok(())
    } else {
        Err(failed(command, status))
    }
}

/// Runs a command whose output goes straight to the person, and returns how it ended.
pub fn status(command: &mut Command) -> Outcome<ExitStatus> {
    command
        .status()
        .map_err(|error| not_started(command, &error))
}

/// Runs a command quietly and returns its standard output.
pub fn output(command: &mut Command) -> Outcome<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| not_started(command, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "{}\n{}",
        failed(command, output.status),
        stderr.trim()
    ))
}

/// Runs a command and hands each line of its standard output to `each`.
pub fn lines(command: &mut Command, mut each: impl FnMut(&str)) -> Outcome<ExitStatus> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    if let Some(stdout) = child.stdout.take() {
        let mut reader = BufReader::new(stdout);
        let mut bytes = Vec::new();
        while reader
            .read_until(b'\n', &mut bytes)
            .is_ok_and(|read| read > 0)
        {
            each(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']));
            bytes.clear();
        }
    }
    child.wait().map_err(|error| not_started(command, &error))
}

/// Runs cargo with a heartbeat instead of its own output; the last lines are
/// kept for the sentence of a failure.
pub fn with_heartbeat(command: &mut Command, label: &str) -> Outcome {
    let mut child = command
        .env("CARGO_TERM_COLOR", "never")
        .env("CARGO_TERM_PROGRESS_WHEN", "always")
        .env("CARGO_TERM_PROGRESS_WIDTH", "100")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    let mut heartbeat = Heartbeat::new(label);
    let mut last: Vec<String> = Vec::new();
    let mut counted = String::new();
    let mut begun = 0_u32;
    if let Some(stderr) = child.stderr.take() {
        each_redrawn_line(stderr, |line| {
            if let Some(progress) = crates_built(line) {
                counted = progress;
                heartbeat.beat(&counted);
            } else if line.trim_start().starts_with("Compiling") {
                begun += 1;
                if counted.is_empty() {
                    heartbeat.beat(&format!("{begun} crates begun"));
                } else {
                    heartbeat.beat(&counted);
                }
            } else if let Some(progress) = fetching(line) {
                heartbeat.beat(progress);
            } else {
                last.push(line.to_owned());
                if last.len() > 30 {
                    last.remove(0);
                }
            }
        });
    }
    let status = child.wait().map_err(|error| not_started(command, &error))?;
    heartbeat.end();
    if status.success() {
        return Ok(());
    }
    Err(format!("{}\n{}", failed(command, status), last.join("\n")))
}

/// Splits at line feeds and at the carriage returns of redrawn progress bars.
fn each_redrawn_line(mut from: impl Read, mut each: impl FnMut(&str)) {
    let mut buffer = [0_u8; 4096];
    let mut line = Vec::new();
    while let Ok(read) = from.read(&mut buffer) {
        if read == 0 {
            break;
        }
        for &byte in &buffer[..read] {
            if byte == b'\n' || byte == b'\r' {
                if !line.is_empty() {
                    each(&String::from_utf8_lossy(&line));
                    line.clear();
                }
            } else {
                line.push(byte);
            }
        }
    }
    if !line.is_empty() {
        each(&String::from_utf8_lossy(&line));
    }
}

/// Reads `Building [==>  ] 12/345: …` as `12 of 345 crates`.
fn crates_built(line: &str) -> Option<String> {
    let rest = line.trim_start().strip_prefix("Building [")?;
    let (_, counts) = rest.split_once("] ")?;
    let counts = counts.split([':', ' ']).next()?;
    let (done, total) = counts.split_once('/')?;
    let (done, total): (u32, u32) = (done.parse().ok()?, total.parse().ok()?);
    Some(format!("{done} of {total} crates"))
}

fn fetching(line: &str) -> Option<&'static str> {
    let line = line.trim_start();
    if line.starts_with("Downloading") || line.starts_with("Downloaded") {
        Some("downloading crates")
    } else if line.starts_with("Blocking waiting") {
        Some("waiting for another cargo")
    } else {
        None
    }
}

/// The first of `names` that `PATH` (with the pinned tools) knows.
pub fn which(project: &Project, names: &[&str]) -> Option<PathBuf> {
    let path = path_with_tools(project);
    let dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| {
        dirs.iter()
            .map(|dir| dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
            .find(|file| file.is_file())
    })
}

/// Whether this process runs as root.
pub fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|out| out.stdout.trim_ascii() == b"0")
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program
        .file_name()
        .unwrap_or(program.as_os_str())
        .to_string_lossy()
        .into_owned();
    let mut text = name;
    for arg in command.get_args().take(6) {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}

fn not_started(command: &Command, error: &std::io::Error) -> String {
    format!("`{}` could not be started: {error}.", shown(command))
}

fn failed(command: &Command, status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("`{}` failed with exit code {code}.", shown(command)),
        None => format!("`{}` was ended by a signal.", shown(command)),
    }
}

#[cfg(test)]
mod tests {
    use super::{crates_built, each_redrawn_line};

    #[test]
    fn reads_cargos_progress_bar() {
        let bar = "    Building [====>      ] 53/391: syn, serde(build.rs)";
        assert_eq!(crates_built(bar).as_deref(), Some("53 of 391 crates"));
        assert_eq!(crates_built("   Compiling syn v2.0.1"), None);
        assert_eq!(crates_built("    Building [====>      ] x/y: syn"), None);
    }

    #[test]
    fn splits_redrawn_lines() {
        let mut seen = Vec::new();
        each_redrawn_line(&b"a\rb\r\n\nc"[..], |line| seen.push(line.to_owned()));
        assert_eq!(seen, ["a", "b", "c"]);
    }
}
