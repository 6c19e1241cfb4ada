//! The built front end: inside this program in a release, read from `dist` while
//! developing, or from the folder that the operator names.

use std::{borrow::Cow, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

#[derive(RustEmbed)]
#[folder = "../dist"]
#[allow_missing = true]
struct Embedded;

/// The front end's files.
pub struct Assets {
    source: Source,
    policy: HeaderValue,
}

enum Source {
    Embedded,
    Folder(PathBuf),
}

/// One file.
pub(super) struct Asset {
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
    /// Changes with the bytes; quoted as the header wants it.
    pub etag: String,
}

impl Assets {
    /// The files of `folder`, or the ones of this program.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        let source = match folder {
            Some(folder) => Source::Folder(folder),
            // While developing the front end changes more often than the server.
            None if cfg!(debug_assertions) => Source::Folder(PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../dist"
            ))),
            None => Source::Embedded,
        };
        let mut assets = Self {
            source,
            policy: HeaderValue::from_static("default-src 'none'"),
        };
        let index = assets.get("index.html");
        assets.policy = policy(index.as_ref().map_or(&[], |index| &index.bytes));
        assets
    }

    /// The file at this path below the root.
    pub(super) fn get(&self, path: &str) -> Option<Asset> {
        match &self.source {
            Source::Embedded => {
                let file = Embedded::get(path)?;
                let hash = STANDARD.encode(&file.metadata.sha256_hash()[..12]);
                Some(Asset {
                    bytes: file.data,
                    etag: format!("\"{hash}\""),
                })
            }
            Source::Folder(folder) => {
                let safe = !path.is_empty()
                    && path
                        .split('/')
                        .all(|part| !part.is_empty() && !part.starts_with('.'))
                    && !path.contains(['\\', '\0', ':']);
                if !safe {
                    return None;
                }
                let file = folder.join(path);
                let meta = std::fs::metadata(&file)
                    .ok()
                    .filter(std::fs::Metadata::is_file)?;
                let bytes = std::fs::read(&file).ok()?;
                let modified = meta
                    .modified()
                    .ok()
                    .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
                    .map_or(0, |since| since.as_nanos());
                Some(Asset {
                    bytes: Cow::Owned(bytes),
                    etag: format!("\"{modified:x}-{:x}\"", meta.len()),
                })
            }
        }
    }

    /// The content security policy that was computed at start.
    #[must_use]
    pub fn policy(&self) -> HeaderValue {
        self.policy.clone()
    }
}

/// The content security policy for this page: nothing from elsewhere, nothing inline but
/// the module script that starts the wasm, named by its hash.
pub(super) fn policy(index: &[u8]) -> HeaderValue {
    let index = String::from_utf8_lossy(index);
    let mut script = "'self' 'wasm-unsafe-eval'".to_owned();
    for inline in inline_scripts(&index) {
        script.push_str(" 'sha256-");
        script.push_str(&STANDARD.encode(Sha256::digest(inline)));
        script.push('\'');
    }
    let policy = format!(
        "default-src 'none'; script-src {script}; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; frame-src 'self'; manifest-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// What stands between `<script …>` and `</script>` where there is no `src`.
fn inline_scripts(html: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find("<script") {
        rest = &rest[at + "<script".len()..];
        let Some(end_of_tag) = rest.find('>') else {
            break;
        };
        let (tag, after) = (&rest[..end_of_tag], &rest[end_of_tag + 1..]);
        let Some(end) = after.find("</script") else {
            break;
        };
        if !tag.contains("src=") && end > 0 {
            found.push(&after[..end]);
        }
        rest = &after[end..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_found_and_others_not() {
        let html = "<script type=\"module\">\nimport a;\n</script><script src=\"/b.js\"></script>\
                    <script>x</script><script>never closed";
        assert_eq!(inline_scripts(html), ["\nimport a;\n", "x"]);
    }

    #[test]
    fn the_policy_names_the_script_by_its_hash() {
        // printf x | sha256sum | xxd -r -p | base64
        let policy = policy(b"<script>x</script>");
        let policy = policy.to_str().unwrap();
        assert!(
            policy.contains(
                "script-src 'self' 'wasm-unsafe-eval' \
                 'sha256-LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=';"
            ),
            "{policy}"
        );
        assert!(!policy.contains("unsafe-inline"), "{policy}");
    }

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.js"), "1").unwrap();
        let assets = Assets::new(Some(folder.path().to_owned()));
        assert!(assets.get("a.js").is_some());
        for path in ["", "../a.js", "./a.js", "/a.js", "b.js", "x/../a.js", "."] {
            assert!(assets.get(path).is_none(), "{path}");
        }
    }
}
