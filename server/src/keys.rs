//! The server's own key. It is a file of the data folder and never in the database, so
//! that a copy of the database alone says nothing about who is behind a keyed hash.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use app::domain::{
    code::{DRAWN, RedemptionCode},
    id::BundleId,
};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead as _, KeyInit as _, Payload},
};
use hmac::{Hmac, Mac as _};
use rand::{TryRngCore as _, rngs::OsRng};
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

    /// What a database remembers this key by; it says nothing about the key.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        self.mac(b"fingerprint\0", "")
    }

    /// What is kept of the canonical address of somebody who asked never to be invited.
    #[must_use]
    pub fn address_hash(&self, canonical: &str) -> [u8; 32] {
        self.mac(b"suppression\0", canonical)
    }

    /// What a redemption code is found by: without the key, nobody who has the database can
    /// try codes against it.
    #[must_use]
    pub fn code_hash(&self, code: &RedemptionCode) -> [u8; 32] {
        self.mac(b"code\0", code.reveal())
    }

    /// Seals the code of a bundle, so that it can be shown again: a drawn nonce, then the
    /// code under `XChaCha20-Poly1305`, bound to its bundle.
    ///
    /// # Errors
    /// Where the system has no randomness to give.
    pub fn seal(&self, code: &RedemptionCode, bundle: BundleId) -> io::Result<Vec<u8>> {
        let mut nonce = [0_u8; NONCE];
        draw(&mut nonce)?;
        let payload = Payload {
            msg: code.reveal().as_bytes(),
            aad: bundle.0.as_bytes(),
        };
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| io::Error::other("a code could not be sealed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The code that [`Key::seal`] sealed for this bundle; `None`: it was another key's,
    /// another bundle's, or is damaged.
    #[must_use]
    pub fn unseal(&self, sealed: &[u8], bundle: BundleId) -> Option<RedemptionCode> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload {
            msg: sealed,
            aad: bundle.0.as_bytes(),
        };
        let code = self.cipher().decrypt(&XNonce::from(*nonce), payload).ok()?;
        RedemptionCode::parse(std::str::from_utf8(&code).ok()?).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.mac(b"seal\0", "").into())
    }

    /// A hash for one purpose; no two purposes share any.
    fn mac(&self, purpose: &[u8], text: &str) -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(self.0.reveal().as_bytes())
            .expect("a key of any length is taken");
        mac.update(purpose);
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// Bytes of a nonce; so many that drawn ones never meet.
const NONCE: usize = 24;

fn draw(bytes: &mut [u8]) -> io::Result<()> {
    OsRng
        .try_fill_bytes(bytes)
        .map_err(|error| io::Error::other(error.to_string()))
}

/// Draws a redemption code; the only constructor of a new one (S02).
///
/// # Errors
/// Where the system has no randomness to give.
pub fn draw_code() -> io::Result<RedemptionCode> {
    let mut drawn = [0_u8; DRAWN];
    draw(&mut drawn)?;
    Ok(RedemptionCode::of(drawn))
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
        let (code, bundle) = (draw_code().unwrap(), BundleId(uuid::Uuid::from_u128(7)));
        let sealed = key.seal(&code, bundle).unwrap();
        assert_eq!(again.unseal(&sealed, bundle), Some(code.clone()));
        assert_eq!(again.code_hash(&code), key.code_hash(&code));
        assert_eq!(again.fingerprint(), key.fingerprint());
        assert_ne!(Key::draw().unwrap().fingerprint(), key.fingerprint());
        fs::write(folder.path().join(FILE), "nonsense").unwrap();
        assert!(Key::open(folder.path()).is_err());
    }

    #[test]
    fn s03_a_sealed_code_opens_under_its_key_and_for_its_bundle_alone() {
        let key = Key::draw().unwrap();
        let bundle = BundleId(uuid::Uuid::from_u128(7));
        let code = draw_code().unwrap();
        let sealed = key.seal(&code, bundle).unwrap();
        assert_ne!(sealed, key.seal(&code, bundle).unwrap(), "each has a nonce");
        let found = sealed
            .windows(4)
            .any(|part| code.reveal().as_bytes().starts_with(part));
        assert!(!found, "nothing of it is legible");
        assert_eq!(key.unseal(&sealed, bundle), Some(code.clone()));
        assert_eq!(
            key.unseal(&sealed, BundleId(uuid::Uuid::from_u128(8))),
            None
        );
        assert_eq!(Key::draw().unwrap().unseal(&sealed, bundle), None);
        for place in [0, NONCE, sealed.len() - 1] {
            let mut damaged = sealed.clone();
            damaged[place] ^= 1;
            assert_eq!(key.unseal(&damaged, bundle), None);
        }
        assert_eq!(key.unseal(&sealed[..NONCE - 1], bundle), None);
        assert_ne!(Key::draw().unwrap().code_hash(&code), key.code_hash(&code));
    }
}
