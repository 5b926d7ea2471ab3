//! `[tls]` in the settings file.

use std::path::PathBuf;

use runtime::Limited;
use serde::{Deserialize, Serialize};

/// `[tls]`: whether the front door speaks https, and with which certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsSettings {
    /// PEM file with the certificate, then those that lead to its authority; empty: http.
    pub certificate: PathBuf,
    /// PEM file with its private key.
    pub key: PathBuf,
    /// Whether a certificate of our own is made and used.
    pub development: bool,
    /// Time for a handshake, milliseconds.
    pub handshake_ms: Limited<100, 60_000>,
    /// Handshakes under way at once; more wait within their time.
    pub handshakes_max: Limited<1, 100_000>,
    /// Time between two looks at the files, milliseconds.
    pub look_ms: Limited<100, 3_600_000>,
    /// Days before the certificate expires from which that is said once a day.
    pub warn_days: Limited<0, 365>,
    /// `[tls.mutual]`
    pub mutual: MutualSettings,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            development: false,
            handshake_ms: Limited::literal(5_000),
            handshakes_max: Limited::literal(1_000),
            look_ms: Limited::literal(2_000),
            warn_days: Limited::literal(21),
            mutual: MutualSettings::default(),
        }
    }
}

impl TlsSettings {
    /// Whether the front door speaks https.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.development || !self.certificate.as_os_str().is_empty()
    }
}

/// `[tls.mutual]`: TLS between edge and cells, each showing the other who it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MutualSettings {
    /// Whether cells take only clients with a certificate of the fleet's own authority.
    pub enabled: bool,
}
