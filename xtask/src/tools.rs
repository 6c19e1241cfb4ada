//! The pinned tools, in `.tools` of the project: got once, only when missing.

use crate::Outcome;
use crate::process;
use crate::project::Project;
use crate::say::{self, Steps};
use std::path::{Path, PathBuf};

/// Builds `frontend/index.html` into `dist`. 0.22 needs a newer compiler.
pub const TRUNK: &str = "0.21.14";
/// Must equal the `wasm-bindgen` of Cargo.lock to the last digit.
pub const WASM_BINDGEN: &str = "0.2.130";
/// Holds `wasm-opt`; needed by the release alone.
pub const BINARYEN: &str = "132.0.0";
/// Bundles and minifies the scripts and styles of the release.
pub const ESBUILD: &str = "0.28.2";
/// Checks licences, bans and sources.
pub const CARGO_DENY: &str = "0.20.2";

const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// What the release compiles the standard library from (ADR 0007).
const RUST_SRC: &str = "rust-src";
/// Where that component lies below the compiler's folder.
const STD_SOURCE: &str = "lib/rustlib/src/rust/library";

/// One crate whose binary is built into `.tools/bin`.
pub struct CargoTool {
    /// The crate's name.
    pub package: &'static str,
    /// The binary's name.
    pub binary: &'static str,
    /// The exact version.
    pub version: &'static str,
    /// Whether the crate's own lock file is used.
    pub locked: bool,
    /// Further arguments of `cargo install`.
    pub arguments: &'static [&'static str],
    /// The optimisation that is worth its compile time.
    pub opt_level: &'static str,
}

const TRUNK_TOOL: CargoTool = CargoTool {
    package: "trunk",
    binary: "trunk",
    version: TRUNK,
    locked: true,
    // Without its update check and TLS, which an offline build never uses, and
    // unoptimised: half the compile time, and it only copies, hashes and calls.
    arguments: &["--no-default-features"],
    opt_level: "0",
};

const WASM_BINDGEN_TOOL: CargoTool = CargoTool {
    package: "wasm-bindgen-cli",
    binary: "wasm-bindgen",
    version: WASM_BINDGEN,
    // Its published lock file names crates that do not compile here.
    locked: false,
    arguments: &[],
    opt_level: "1",
};

/// Which tools a command needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// What builds the front end quickly.
    Dev,
    /// That, and what makes it small.
    Release,
}

/// `cargo xtask setup`: the tools of a release, and nothing else.
pub fn setup(project: &Project) -> Outcome {
    ensure(project, Need::Release)?;
    say::line("Every tool is in .tools at its pinned version.");
    Ok(())
}

/// Gets what is missing; prints nothing when all is there.
pub fn ensure(project: &Project, need: Need) -> Outcome {
    let wasm = !sysroot(project).is_some_and(|root| {
        root.join("lib/rustlib")
            .join(WASM_TARGET)
            .join("lib")
            .is_dir()
    });
    let source = need == Need::Release && !std_source_fetched(project);
    let cargo_tools: Vec<&CargoTool> = [&TRUNK_TOOL, &WASM_BINDGEN_TOOL]
        .into_iter()
        .filter(|tool| !installed(project, tool))
        .collect();
    let packers = need == Need::Release && !packers_installed(project);
    let total = usize::from(wasm) + usize::from(source) + cargo_tools.len() + usize::from(packers);
    if total == 0 {
        return Ok(());
    }
    say::line("Getting the tools that are missing, once, into .tools:");
    let mut steps = Steps::new(total);
    if wasm {
        steps.step("Rust for WebAssembly (rustup)", || {
            process::run(process::command(project, "rustup").args(["target", "add", WASM_TARGET]))
                .map_err(|error| format!("{error} Rust comes with rustup: https://rustup.rs."))
        })?;
    }
    if source {
        steps.step("The standard library's source (rustup)", || {
            get_std_source(project)
        })?;
    }
    for tool in cargo_tools {
        let title = format!("{} {} (compiled, some minutes)", tool.package, tool.version);
        steps.step(&title, || install(project, tool))?;
    }
    remove_build_output(project)?;
    if packers {
        let title = format!("wasm-opt (binaryen {BINARYEN}) and esbuild {ESBUILD} (npm)");
        steps.step(&title, || get_packers(project))?;
    }
    Ok(())
}

/// Whether the tool's binary is there at the pinned version.
pub fn installed(project: &Project, tool: &CargoTool) -> bool {
    let binary = project.tools().join("bin").join(tool.binary);
    binary.is_file()
        && process::output(process::command(project, &binary).arg("--version"))
            .is_ok_and(|text| text.split_whitespace().any(|word| word == tool.version))
}

/// Compiles one tool with a profile that is cheap to build.
pub fn install(project: &Project, tool: &CargoTool) -> Outcome {
    let tools = project.tools();
    let mut cargo = process::cargo(project);
    cargo
        .args(["install", "--force", "--root"])
        .arg(&tools)
        .arg(format!("{}@={}", tool.package, tool.version))
        .args(tool.arguments)
        .env("CARGO_TARGET_DIR", tools.join("target"))
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", tool.opt_level)
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
        .env_remove("RUSTFLAGS");
    if tool.locked {
        cargo.arg("--locked");
    }
    process::with_heartbeat(&mut cargo, tool.package)
}

/// Removes what the tools were compiled in: several hundred megabytes.
pub fn remove_build_output(project: &Project) -> Outcome {
    let target = project.tools().join("target");
    if target.is_dir() {
        std::fs::remove_dir_all(&target)
            .map_err(|error| format!("{} cannot be removed: {error}.", target.display()))?;
    }
    Ok(())
}

/// The folder of the compiler in use.
fn sysroot(project: &Project) -> Option<PathBuf> {
    process::output(process::command(project, "rustc").args(["--print", "sysroot"]))
        .ok()
        .map(|path| PathBuf::from(path.trim()))
}

/// Names the source that was fetched, so that another compiler's is fetched anew.
fn std_stamp(project: &Project) -> PathBuf {
    project.tools().join("rust-src.stamp")
}

fn std_source_fetched(project: &Project) -> bool {
    sysroot(project).is_some_and(|root| {
        root.join(STD_SOURCE).is_dir()
            && std::fs::read_to_string(std_stamp(project))
                .is_ok_and(|text| Path::new(&text) == root)
    })
}

/// Gets the standard library's source and the crates it depends on: Trunk builds offline.
fn get_std_source(project: &Project) -> Outcome {
    process::run(process::command(project, "rustup").args(["component", "add", RUST_SRC]))
        .map_err(|error| format!("{error} Rust comes with rustup: https://rustup.rs."))?;
    let root = sysroot(project).ok_or("rustc does not say where it is installed.")?;
    process::run(
        process::cargo(project)
            .args(["fetch", "--locked", "--manifest-path"])
            .arg(root.join(STD_SOURCE).join("Cargo.toml"))
            .env("RUSTC_BOOTSTRAP", "1"),
    )?;
    let stamp = std_stamp(project);
    std::fs::create_dir_all(project.tools())
        .and_then(|()| std::fs::write(&stamp, root.display().to_string()))
        .map_err(|error| format!("{} cannot be written: {error}.", stamp.display()))
}

const PACKERS: [(&str, &str); 2] = [("binaryen", BINARYEN), ("esbuild", ESBUILD)];

fn packers_installed(project: &Project) -> bool {
    let modules = project.packers().join("node_modules");
    PACKERS.iter().all(|(name, version)| {
        version_of(&modules.join(name).join("package.json")).is_some_and(|found| found == *version)
    })
}

fn version_of(manifest: &Path) -> Option<String> {
    let text = std::fs::read_to_string(manifest).ok()?;
    let json: serde_json::Value = serde_json::from_str(&text).ok()?;
    json.get("version")?.as_str().map(str::to_owned)
}

fn get_packers(project: &Project) -> Outcome {
    node(project)?;
    let folder = project.packers();
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("{} cannot be made: {error}.", folder.display()))?;
    let mut npm = process::command(project, "npm");
    npm.args([
        "install",
        "--no-audit",
        "--no-fund",
        "--no-save",
        "--loglevel=error",
    ])
    .arg("--prefix")
    .arg(&folder)
    // In one go: without a package.json npm removes what is not named.
    .args(PACKERS.map(|(name, version)| format!("{name}@{version}")));
    process::run(&mut npm)
}

/// Checks that Node is there and new enough.
pub fn node(project: &Project) -> Outcome {
    let wanted =
        "Node.js 20 or newer with npm is needed (https://nodejs.org, or your system's packages)";
    let version = process::output(process::command(project, "node").arg("--version"))
        .map_err(|_| format!("{wanted}; `node` was not found."))?;
    let major: u32 = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse().ok())
        .unwrap_or(0);
    if major < 20 {
        return Err(format!(
            "{wanted}; `node --version` says {}.",
            version.trim()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{CargoTool, TRUNK_TOOL, WASM_BINDGEN, WASM_BINDGEN_TOOL};

    #[test]
    fn the_cli_and_the_library_of_wasm_bindgen_are_the_same_version() {
        let lock = include_str!("../../Cargo.lock");
        let wanted = format!("name = \"wasm-bindgen\"\nversion = \"{WASM_BINDGEN}\"");
        assert!(
            lock.contains(&wanted),
            "Cargo.lock has another wasm-bindgen than {WASM_BINDGEN}"
        );
    }

    #[test]
    fn tools_have_exact_versions() {
        let exact = |tool: &CargoTool| tool.version.split('.').count() == 3;
        assert!(exact(&TRUNK_TOOL) && exact(&WASM_BINDGEN_TOOL));
    }
}
