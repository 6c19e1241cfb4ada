//! Where things are: the project's root, its tools and its build output.

use crate::Outcome;
use std::path::{Path, PathBuf};

/// The folders of one working copy.
pub struct Project {
    /// The folder that holds the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// `CARGO_TARGET_DIR`, or `target` in the root.
    pub target: PathBuf,
}

impl Project {
    /// Finds the working copy this command was started for.
    pub fn find() -> Outcome<Self> {
        // Cargo names xtask's own folder; a copied binary looks upwards instead.
        let from_cargo = std::env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .filter(|dir| dir.ends_with("xtask"))
            .and_then(|dir| dir.parent().map(Path::to_path_buf));
        let root = match from_cargo {
            Some(root) => root,
            None => look_upwards()?,
        };
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => root.join(dir),
            None => root.join("target"),
        };
        Ok(Self { root, target })
    }

    /// The folder of the pinned tools, ignored by git.
    pub fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }

    /// What packs the release: npm packages.
    pub fn packers(&self) -> PathBuf {
        self.tools().join("npm")
    }

    /// The built front end.
    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The folder of the browser tests.
    pub fn end2end(&self) -> PathBuf {
        self.root.join("end2end")
    }

    /// The server's binary of the `debug` or `release` build.
    pub fn beckon(&self, profile: &str) -> PathBuf {
        self.target
            .join(profile)
            .join(format!("beckon{}", std::env::consts::EXE_SUFFIX))
    }
}

fn look_upwards() -> Outcome<PathBuf> {
    let here = std::env::current_dir()
        .map_err(|error| format!("The current folder cannot be read: {error}."))?;
    here.ancestors()
        .find(|dir| dir.join("xtask/Cargo.toml").is_file() && dir.join("Cargo.lock").is_file())
        .map(Path::to_path_buf)
        .ok_or_else(|| "This is not a folder of the project; change into it first.".to_owned())
}
