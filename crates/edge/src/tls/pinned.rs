//! A client that believes one certificate: the one in a file, whoever signed it and whatever it names.
//!
//! For the operator's commands on the machine itself: they know the door's file, and reach it by address.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper_rustls::DefaultServerNameResolver;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use super::connector::{Connector, Spoken};
use super::handshake::Setup;
use super::identity::read_certificates;

/// Connects to servers that hold the key of the first certificate in a file, and to nobody else.
///
/// # Errors
/// [`Setup`] if the file is refused.
pub fn trusting_only(file: &Path, within: Duration) -> Result<Connector, Setup> {
    let provider = Arc::new(ring::default_provider());
    let only = read_certificates(file)?.swap_remove(0);
    let pinned = Arc::new(Pinned { only, provider: Arc::clone(&provider) });
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions()?.dangerous();
    let config = builder.with_custom_certificate_verifier(pinned).with_no_client_auth();
    Ok(Connector::new(config, DefaultServerNameResolver::default(), Spoken::Http1, within))
}

#[derive(Debug)]
struct Pinned {
    only: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *end_entity == self.only {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
