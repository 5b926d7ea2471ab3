//! Makes certificates of our own: one for development.
//!
//! ECDSA on P-256. Nothing is read or written here: text in PEM goes out, whoever has the data folder
//! keeps it.

use std::net::IpAddr;

use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair};
use thiserror::Error;
use x509_parser::time::ASN1Time;

const DAY_S: i64 = 86_400;
/// Browsers refuse certificates that are valid for much longer than a year.
const DEVELOPMENT_DAYS: i64 = 397;

/// A certificate could not be made.
#[derive(Debug, Error)]
pub enum IssueError {
    /// The library refuses.
    #[error("a certificate cannot be made")]
    Refused(#[from] rcgen::Error),
    /// The clock stands where no certificate can be.
    #[error("the clock says a time that no certificate can hold")]
    Clock,
}

/// A certificate and its private key, both in PEM.
pub struct Issued {
    /// For everybody.
    pub certificate: String,
    /// For its owner only.
    pub key: String,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

/// A certificate that vouches for itself, for this machine and the address it listens on.
///
/// # Errors
/// [`IssueError`].
pub fn development(listen: IpAddr, now_s: i64) -> Result<Issued, IssueError> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    if !listen.is_unspecified() && !names.contains(&listen.to_string()) {
        names.push(listen.to_string());
    }
    let mut params = params(names, "Fareway development", DEVELOPMENT_DAYS, now_s)?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem() })
}

fn params(
    names: Vec<String>,
    common_name: &str,
    days: i64,
    now_s: i64,
) -> Result<CertificateParams, IssueError> {
    let at = |seconds| ASN1Time::from_timestamp(seconds).map_err(|_| IssueError::Clock);
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    // Clocks of two machines differ.
    params.not_before = at(now_s - DAY_S)?.to_datetime();
    params.not_after = at(now_s + days * DAY_S)?.to_datetime();
    Ok(params)
}
