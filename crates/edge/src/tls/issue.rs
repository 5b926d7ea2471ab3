//! Makes certificates of our own: one for development, and an authority with those it signs.
//!
//! ECDSA on P-256. Nothing is read or written here: text in PEM goes out, whoever has the data folder
//! keeps it.

use std::net::IpAddr;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use thiserror::Error;
use x509_parser::time::ASN1Time;

const DAY_S: i64 = 86_400;
/// Browsers refuse certificates that are valid for much longer than a year.
const DEVELOPMENT_DAYS: i64 = 397;
/// The authority is replaced by hand, with everything it signed.
const AUTHORITY_DAYS: i64 = 3_650;
/// Days a certificate that the authority signs is valid.
pub const SIGNED_DAYS: i64 = 30;

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

/// What a signed certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// To be connected to.
    Server,
    /// To connect.
    Client,
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

/// An authority that signs for one fleet.
///
/// # Errors
/// [`IssueError`].
pub fn authority(now_s: i64) -> Result<Issued, IssueError> {
    let key = KeyPair::generate()?;
    let certificate = authority_params(now_s)?.self_signed(&key)?;
    Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem() })
}

/// A certificate with one name, signed by an authority of [`authority`] whose key is given in PEM.
///
/// # Errors
/// [`IssueError`], also if the key is none.
pub fn signed(
    authority_key: &str,
    name: &str,
    side: Side,
    now_s: i64,
) -> Result<Issued, IssueError> {
    let issuer = Issuer::new(authority_params(now_s)?, KeyPair::from_pem(authority_key)?);
    let mut params = params(vec![name.to_owned()], name, SIGNED_DAYS, now_s)?;
    params.use_authority_key_identifier_extension = true;
    params.extended_key_usages = vec![match side {
        Side::Server => ExtendedKeyUsagePurpose::ServerAuth,
        Side::Client => ExtendedKeyUsagePurpose::ClientAuth,
    }];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &issuer)?;
    Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem() })
}

/// The same at all times but for its dates, so that what it signed names it.
fn authority_params(now_s: i64) -> Result<CertificateParams, IssueError> {
    let mut params = params(Vec::new(), "Fareway fleet authority", AUTHORITY_DAYS, now_s)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    Ok(params)
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
