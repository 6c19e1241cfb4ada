//! The server's own key. It is a file of the data folder and never in the database, so
//! that a copy of the database alone says nothing about who is behind a keyed hash.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::clock::Secret;

/// Its file, in the data folder. Servers that share a database need the same one.
pub const FILE: &str = "beckon.key";

/// The key; it cannot print.
#[derive(Clone)]
pub struct Key(Secret);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(redacted)")
    }
}

impl Key {
    /// Whether the folder has a key.
    #[must_use]
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE).exists()
    }

    /// Reads the folder's key; makes one where there is none.
    ///
    /// # Errors
    /// Where the file cannot be read or written, or holds something else.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        let key = Self::draw()?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(mut file) => {
                file.write_all(key.0.reveal().as_bytes())?;
                file.sync_all()?;
                Ok(key)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let text = fs::read_to_string(&path)?;
                Secret::read(text.trim()).map(Self).ok_or_else(|| {
                    io::Error::new(
                        io::ErrorKind::InvalidData,
                        format!("{} does not hold a key", path.display()),
                    )
                })
            }
            Err(error) => Err(error),
        }
    }

    /// A key that no file keeps.
    ///
    /// # Errors
    /// Where the system has no randomness to give.
    pub fn draw() -> io::Result<Self> {
        Secret::draw()
            .map(Self)
            .map_err(|error| io::Error::other(error.to_string()))
    }

    /// What is kept of the canonical address of somebody who asked never to be invited.
    #[must_use]
    pub fn address_hash(&self, canonical: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.reveal().as_bytes())
            .expect("a key of any length is taken");
        mac.update(b"suppression\0");
        mac.update(canonical.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_key_and_another_has_another() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key::open(folder.path()).unwrap();
        let hash = key.address_hash("mara@new.test");
        let again = Key::open(folder.path()).unwrap();
        assert_eq!(again.address_hash("mara@new.test"), hash);
        assert_ne!(again.address_hash("noa@new.test"), hash);
        assert_ne!(Key::draw().unwrap().address_hash("mara@new.test"), hash);
        fs::write(folder.path().join(FILE), "nonsense").unwrap();
        assert!(Key::open(folder.path()).is_err());
    }
}
