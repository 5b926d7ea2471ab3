//! The keys that sign tokens and links, and the file they live in.
//!
//! The file has one key a line, `id hex`, oldest first; the last one signs, all of them verify. So
//! a key is changed by adding a line, and an old one is withdrawn by removing its line once its
//! tokens have expired.

use std::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use runtime::Random;
use sha2::Sha256;
use thiserror::Error;

use super::SIGNATURE_BYTES;

type Signer = Hmac<Sha256>;

/// Keys a file may hold.
const KEYS_MAX: usize = 16;
/// Largest key file that is read.
const FILE_BYTES_MAX: u64 = 4_096;

/// Keys by id; never printed.
#[derive(Clone)]
pub struct TokenKeys {
    /// Oldest first, at least one.
    keys: Vec<(u8, Signer)>,
    newest: (u8, Signer),
}

/// A key file that cannot be used.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// It cannot be read or written.
    #[error("cannot use the key file {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// It does not hold keys.
    #[error("the key file {} must have 1 to 16 lines, each an id of 0 to 255 and 64 hexadecimal digits", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

impl TokenKeys {
    /// One key.
    #[must_use]
    pub fn single(secret: &[u8; 32]) -> Self {
        let newest = (0, signer(secret));
        Self { keys: vec![newest.clone()], newest }
    }

    /// Reads the text of a key file; `None` if it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut keys: Vec<(u8, Signer)> = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let (id, hex) = line.trim().split_once(' ')?;
            let (id, secret) = (id.parse().ok()?, from_hex(hex.trim())?);
            if keys.len() == KEYS_MAX || keys.iter().any(|(known, _)| *known == id) {
                return None;
            }
            keys.push((id, signer(&secret)));
        }
        let newest = keys.last()?.clone();
        Some(Self { keys, newest })
    }

    /// Opens the key file, or creates it with a new key, readable by its owner only.
    ///
    /// # Errors
    /// [`KeyFileError`] if it cannot be read or written or does not hold keys.
    pub fn open_or_create(path: &Path) -> Result<Self, KeyFileError> {
        let io = |cause| KeyFileError::Io { path: path.to_owned(), cause };
        match create_new(path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(io(error)),
        }
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(io)?;
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(io)?;
        Self::parse(&text).ok_or_else(|| KeyFileError::Malformed { path: path.to_owned() })
    }

    pub(super) fn newest_id(&self) -> u8 {
        self.newest.0
    }

    pub(super) fn sign(&self, body: &[u8]) -> [u8; SIGNATURE_BYTES] {
        first_bytes(self.newest.1.clone().chain_update(body))
    }

    pub(super) fn verify(&self, id: u8, body: &[u8], signature: &[u8]) -> bool {
        let Some((_, signer)) = self.keys.iter().find(|(known, _)| *known == id) else {
            return false;
        };
        signature.len() == SIGNATURE_BYTES
            && signer.clone().chain_update(body).verify_truncated_left(signature).is_ok()
    }

    /// A secret of its own for one purpose and subject, from every key, newest first.
    pub(crate) fn derive(&self, purpose: &[u8], subject: &[u8]) -> Vec<[u8; 16]> {
        let derive = |signer: &Signer| {
            first_bytes(signer.clone().chain_update(purpose).chain_update(subject))
        };
        self.keys.iter().rev().map(|(_, signer)| derive(signer)).collect()
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<u8> = self.keys.iter().map(|(id, _)| *id).collect();
        f.debug_struct("TokenKeys").field("ids", &ids).finish_non_exhaustive()
    }
}

fn signer(secret: &[u8; 32]) -> Signer {
    // A key shorter than the hash's block is padded with zeros (RFC 2104), so none is refused.
    <Signer as hmac::digest::KeyInit>::new(&{
        let mut block = hmac::digest::Key::<Signer>::default();
        block[..32].copy_from_slice(secret);
        block
    })
}

fn first_bytes(signer: Signer) -> [u8; 16] {
    let whole = signer.finalize().into_bytes();
    let mut first = [0_u8; 16];
    first.copy_from_slice(&whole[..16]);
    first
}

/// Writes a new key beside the wanted path and links it there, so that a reader never sees a file
/// without its key, and of two processes that start together one wins.
fn create_new(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    if path.exists() {
        return Ok(());
    }
    let secret = Random::secret_bytes::<32>()?;
    let suffix = u64::from_le_bytes(Random::secret_bytes::<8>()?);
    let beside = path.with_extension(format!("new-{suffix:016x}"));
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let written = file.write_all(format!("1 {hex}\n").as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| std::fs::hard_link(&beside, path));
    let _ = std::fs::remove_file(&beside);
    linked
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut secret = [0_u8; 32];
    for (byte, pair) in secret.iter_mut().zip(digits.chunks_exact(2)) {
        let high = (pair[0] as char).to_digit(16)?;
        let low = (pair[1] as char).to_digit(16)?;
        *byte = (high * 16 + low) as u8;
    }
    Some(secret)
}
