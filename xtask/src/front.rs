//! The front end: `frontend/index.html` and its wasm into `dist`.

use crate::Outcome;
use crate::process;
use crate::project::Project;
use crate::say;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Where cargo takes the compiler's flags for wasm from; the host's stay as they are,
/// so that nothing else is built anew.
const WASM_FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// Makes leptos build every view of boxed parts instead of one type per tree: the
/// module is 70 kB smaller after brotli. Development builds do it too, so that the
/// browser tests see what is shipped.
const ERASED: &str = "--cfg erase_components";

/// Compiles the standard library along, for size and without the texts of panics: a
/// release traps where a development build panics, and `stopped.js` tells the person
/// (ADR 0007). The compiler is pinned, so what is unstable in it stands still. Names that
/// say their types, and no function that stands for two, let `chunks.mjs` cut the module
/// (ADR 0009); wasm-opt merges what is alike afterwards.
const SMALL: [(&str, &str); 3] = [
    ("RUSTC_BOOTSTRAP", "1"),
    ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort"),
    ("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size"),
];
const SMALL_FLAGS: &str = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none -Cllvm-args=-inline-threshold=0 -Csymbol-mangling-version=v0 -Zmerge-functions=disabled";

/// How the front end is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Quick to build; what `cargo xtask run` and the browser tests serve.
    Dev,
    /// Small: fat LTO, wasm-opt, brotli 11.
    Release,
}

impl Kind {
    fn profile(self) -> &'static str {
        match self {
            Self::Dev => "wasm-dev",
            Self::Release => "wasm-release",
        }
    }
}

/// Everything the built front end depends on.
const INPUTS: [&str; 10] = [
    "Cargo.toml",
    "Cargo.lock",
    "Trunk.toml",
    "rust-toolchain.toml",
    ".cargo/config.toml",
    "app",
    "frontend",
    "style",
    "assets",
    "xtask/pack",
];

/// Builds the front end unless nothing it depends on has changed.
pub fn build(project: &Project, kind: Kind) -> Outcome {
    let stamp = project.tools().join("dist.stamp");
    let fingerprint = fingerprint(project, kind);
    let current = fs::read_to_string(&stamp).is_ok_and(|old| old == fingerprint);
    if current && project.dist().join("index.html").is_file() {
        say::line("      the front end has not changed");
        return Ok(());
    }
    // Taken away first: a build that is broken off must not pass for this one.
    drop(fs::remove_file(&stamp));
    trunk(project, kind)?;
    if kind == Kind::Release {
        pack(project)?;
    }
    fs::create_dir_all(project.tools())
        .and_then(|()| fs::write(&stamp, fingerprint))
        .map_err(|error| format!("{} cannot be written: {error}.", stamp.display()))
}

fn trunk(project: &Project, kind: Kind) -> Outcome {
    let mut trunk = process::command(project, project.tools().join("bin/trunk"));
    trunk
        .args([
            "build",
            "--offline",
            "--skip-version-check",
            "--color",
            "never",
        ])
        .args(["--cargo-profile", kind.profile()])
        .arg("--dist")
        .arg(project.dist())
        .arg("frontend/index.html")
        .env("TRUNK_TOOLS_WASM_BINDGEN", crate::tools::WASM_BINDGEN)
        .env("CARGO_TARGET_DIR", &project.target)
        .env(WASM_FLAGS, ERASED)
        // Trunk takes RUST_LOG for its own, and NO_COLOR=1 for a malformed flag.
        .env_remove("RUST_LOG")
        .env_remove("NO_COLOR");
    if kind == Kind::Release {
        // Lets Trunk minify the page; wasm-opt comes later, in `pack`.
        trunk.arg("--release");
        for (name, value) in SMALL {
            trunk.env(name, value);
        }
        trunk.env(WASM_FLAGS, format!("{ERASED} {SMALL_FLAGS}"));
    }
    process::run(&mut trunk)
}

/// A line per input file with its size and time; equal means unchanged.
fn fingerprint(project: &Project, kind: Kind) -> String {
    let mut files = Vec::new();
    for input in INPUTS {
        collect(&project.root.join(input), &mut files);
    }
    files.sort();
    let mut text = format!(
        "{} {ERASED} {SMALL:?} {SMALL_FLAGS} {} {}\n",
        kind.profile(),
        crate::tools::TRUNK,
        project.target.display()
    );
    for file in files {
        let Ok(meta) = fs::metadata(&file) else {
            continue;
        };
        let modified = meta
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .map_or(0, |since| since.as_nanos());
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{} {} {modified}", file.display(), meta.len());
    }
    text
}

/// Adds `path`, or every file below it.
pub fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_file() {
        files.push(path.to_path_buf());
        return;
    }
    let Ok(entries) = fs::read_dir(path) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let hidden = path
            .file_name()
            .is_some_and(|n| n.to_string_lossy().starts_with('.'));
        let built = path.ends_with("node_modules") || path.ends_with("target");
        if !hidden && !built {
            collect(&path, files);
        }
    }
}

/// Short names, one style sheet, wasm-opt, and `FILE.br` beside every file: `pack.mjs`.
fn pack(project: &Project) -> Outcome {
    say::line("      packing: wasm-opt, esbuild, brotli 11");
    crate::tools::node(project)?;
    process::run(
        process::command(project, "node")
            .arg(project.root.join("xtask/pack/pack.mjs"))
            .args([project.dist(), project.packers()])
            .arg(project.root.join("frontend/chunks.json")),
    )
}
