//! S02: where tokens come from.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use server::clock::Secret;

#[test]
fn s02_a_million_tokens_hold_no_duplicate_and_each_bit_is_even() {
    const TOKENS: usize = 1_000_000;
    const WATCHED: u32 = 100_000;
    let mut seen = HashSet::with_capacity(TOKENS);
    let mut ones = [0_u32; 256];
    for drawn in 0..TOKENS {
        let secret = Secret::draw().unwrap();
        let mut bytes = [0_u8; 32];
        let length = URL_SAFE_NO_PAD
            .decode_slice(secret.reveal(), &mut bytes)
            .unwrap();
        assert_eq!((length, secret.reveal().len()), (32, 43));
        if drawn < WATCHED as usize {
            for (bit, count) in ones.iter_mut().enumerate() {
                *count += u32::from((bytes[bit / 8] >> (bit % 8)) & 1);
            }
        }
        assert!(seen.insert(bytes), "the same token twice");
    }
    // Eight standard deviations (158 each) from the half.
    let even = WATCHED / 2 - 1_264..=WATCHED / 2 + 1_264;
    for (bit, count) in ones.iter().enumerate() {
        assert!(even.contains(count), "bit {bit} was set {count} times");
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// `Secret`'s field is private, so that only its own file can make one; and nobody else
/// asks the system for randomness.
#[test]
fn s02_one_constructor_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for folder in ["server/src", "app/src"] {
        sources(&root.join(folder), &mut files);
    }
    assert!(files.len() > 100);
    let asks = [
        "OsRng",
        "thread_rng",
        "rand::rng",
        "rand::random",
        "getrandom",
        "new_v4",
    ];
    let mut found: Vec<PathBuf> = files
        .into_iter()
        .filter(|file| {
            let text = fs::read_to_string(file).unwrap();
            asks.iter().any(|ask| text.contains(ask))
        })
        .map(|file| file.strip_prefix(root).unwrap().to_owned())
        .collect();
    found.sort();
    // The second draws redemption codes and what they are sealed with, the third a salt.
    let allowed = [
        "server/src/clock.rs",
        "server/src/keys.rs",
        "server/src/services/password.rs",
    ];
    assert_eq!(found, allowed.map(PathBuf::from));
    let clock = fs::read_to_string(root.join("server/src/clock.rs")).unwrap();
    assert!(
        clock.contains("pub struct Secret(String);"),
        "its field is private"
    );
    let code = clock.split("#[cfg(test)]").next().unwrap();
    let constructors: Vec<&str> = code
        .lines()
        .filter(|line| line.contains("-> Result<Self, rand::") || line.contains("-> Option<Self>"))
        .map(|line| line.trim().split('(').next().unwrap())
        .collect();
    assert_eq!(
        constructors,
        ["pub fn draw", "pub fn read", "pub fn draw_code"],
        "`read` takes what came from outside, `draw_code` is no token"
    );
}
