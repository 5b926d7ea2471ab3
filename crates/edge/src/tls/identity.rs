//! Reads a certificate and its key from two PEM files, and refuses what cannot be shown to a client.
//!
//! Limits: bytes of a file, certificates in it. Only the first certificate, the one that the key belongs
//! to, must be valid today: chains often end in an expired one on purpose.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error as RustlsError, InconsistentKeys};
use thiserror::Error;
use x509_parser::certificate::Validity;
use x509_parser::parse_x509_certificate;
use xxhash_rust::xxh3::Xxh3;

/// Largest file, bytes.
const BYTES_MAX: u64 = 1 << 20;
/// Certificates of one file.
const CERTIFICATES_MAX: usize = 16;

/// Why a file is refused.
#[derive(Debug, Error)]
#[error("{} {wrong}", file.display())]
pub struct FileError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// What is wrong with a file.
#[derive(Debug, Error)]
pub enum Wrong {
    /// The operating system does not give it.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// A folder, a pipe or the like.
    #[error("is not a file")]
    NotAFile,
    /// It is larger than any certificate.
    #[error("has more than {BYTES_MAX} bytes")]
    TooLarge,
    /// It is no text in PEM, or broken off.
    #[error("is damaged: {0}")]
    Damaged(String),
    /// There is no certificate in it.
    #[error("has no certificate (-----BEGIN CERTIFICATE-----)")]
    NoCertificate,
    /// There are too many.
    #[error("has more than {CERTIFICATES_MAX} certificates")]
    TooMany,
    /// The first certificate cannot be read.
    #[error("has a certificate that cannot be read: {0}")]
    Certificate(String),
    /// There is no key in it.
    #[error("has no private key (-----BEGIN PRIVATE KEY-----)")]
    NoKey,
    /// Its key needs a password.
    #[error("is encrypted; write it without a password: openssl pkey -in FILE -out FILE")]
    Encrypted,
    /// Its key is of a kind that is not supported.
    #[error("has a key that cannot be used: {0}")]
    Key(String),
    /// Certificate and key are of different pairs.
    #[error("does not match the certificate in {}", .0.display())]
    Mismatch(PathBuf),
    /// The certificate is over.
    #[error("has a certificate that expired at {0}")]
    Expired(String),
    /// It has not begun.
    #[error("has a certificate that is not valid before {0}")]
    NotYet(String),
}

/// Where a certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// PEM, the own certificate first.
    pub certificate: PathBuf,
    /// PEM.
    pub key: PathBuf,
}

/// A certificate with its key, good to be shown.
#[derive(Debug)]
pub struct Identity {
    pub(super) pair: Arc<CertifiedKey>,
    /// When it ends, seconds since 1970.
    pub(super) until_s: i64,
    /// The same for people.
    pub(super) until: String,
}

/// What two files hold, not looked at yet.
pub(super) struct Found {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Files {
    /// Reads and checks both.
    ///
    /// # Errors
    /// [`FileError`] with the file and what is wrong.
    pub fn read(&self, now_s: i64) -> Result<Identity, FileError> {
        self.judge(&self.find()?, now_s)
    }

    pub(super) fn find(&self) -> Result<Found, FileError> {
        let read =
            |path: &Path| read(path).map_err(|wrong| FileError { file: path.to_owned(), wrong });
        Ok(Found { certificate: read(&self.certificate)?, key: read(&self.key)? })
    }

    pub(super) fn judge(&self, found: &Found, now_s: i64) -> Result<Identity, FileError> {
        let of_certificate = |wrong| FileError { file: self.certificate.clone(), wrong };
        let of_key = |wrong| FileError { file: self.key.clone(), wrong };
        let chain = certificates(&found.certificate).map_err(of_certificate)?;
        let first = chain.first().ok_or(of_certificate(Wrong::NoCertificate))?;
        let validity = validity(first).map_err(of_certificate)?;
        if now_s > validity.not_after.timestamp() {
            return Err(of_certificate(Wrong::Expired(validity.not_after.to_string())));
        }
        if now_s < validity.not_before.timestamp() {
            return Err(of_certificate(Wrong::NotYet(validity.not_before.to_string())));
        }
        let key = private_key(&found.key).map_err(of_key)?;
        let pair = CertifiedKey::from_der(chain, key, &ring::default_provider());
        let pair = pair.map_err(|error| match error {
            RustlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                of_key(Wrong::Mismatch(self.certificate.clone()))
            }
            other => of_key(Wrong::Key(other.to_string())),
        })?;
        Ok(Identity {
            pair: Arc::new(pair),
            until_s: validity.not_after.timestamp(),
            until: validity.not_after.to_string(),
        })
    }
}

impl Found {
    /// Tells two states of the files apart.
    pub(super) fn stamp(&self) -> u64 {
        let mut hash = Xxh3::new();
        hash.update(&self.certificate.len().to_le_bytes());
        hash.update(&self.certificate);
        hash.update(&self.key);
        hash.digest()
    }
}

/// Reads the certificates of a file.
///
/// # Errors
/// [`FileError`] with the file and what is wrong.
pub(super) fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let refused = |wrong| FileError { file: file.to_owned(), wrong };
    let found = certificates(&read(file).map_err(refused)?).map_err(refused)?;
    if found.is_empty() { Err(refused(Wrong::NoCertificate)) } else { Ok(found) }
}

fn read(path: &Path) -> Result<Vec<u8>, Wrong> {
    // Opening a pipe would wait for whoever writes into it.
    if !fs::metadata(path).map_err(Wrong::Unreadable)?.is_file() {
        return Err(Wrong::NotAFile);
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(Wrong::Unreadable)?;
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(Wrong::Unreadable)?;
    if bytes.len() as u64 > BYTES_MAX { Err(Wrong::TooLarge) } else { Ok(bytes) }
}

fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, Wrong> {
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(text) {
        found.push(certificate.map_err(damaged)?);
        if found.len() > CERTIFICATES_MAX {
            return Err(Wrong::TooMany);
        }
    }
    Ok(found)
}

fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, Wrong> {
    let says = |words: &[u8]| text.windows(words.len()).any(|part| part == words);
    if says(b"BEGIN ENCRYPTED PRIVATE KEY") || says(b"Proc-Type: 4,ENCRYPTED") {
        return Err(Wrong::Encrypted);
    }
    PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
        pem::Error::NoItemsFound => Wrong::NoKey,
        other => damaged(other),
    })
}

fn damaged(error: pem::Error) -> Wrong {
    Wrong::Damaged(error.to_string())
}

fn validity(certificate: &CertificateDer<'_>) -> Result<Validity, Wrong> {
    let unreadable = |error: &dyn std::fmt::Display| Wrong::Certificate(error.to_string());
    let (rest, parsed) = parse_x509_certificate(certificate).map_err(|error| unreadable(&error))?;
    if !rest.is_empty() {
        return Err(unreadable(&"there is something behind its end"));
    }
    Ok(parsed.validity().clone())
}

#[cfg(test)]
pub(super) mod tests;
