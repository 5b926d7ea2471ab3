//! Signs the topology, and checks who signed it: Ed25519, so that an edge that is taken over cannot
//! write a topology for the others.
//!
//! ```text
//! {"format":1,"signature":"128 hex digits","topology":"the document as a text"}
//! signature = Ed25519(key, "fareway topology 1\n" topology)
//! ```

use std::fmt;

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::topology::{TOPOLOGY_BYTES_MAX, Topology, TopologyError};

/// What is signed before the document, so that a signature means nothing elsewhere.
const PURPOSE: &[u8] = b"fareway topology 1\n";
/// Format of the envelope.
const FORMAT: u32 = 1;

/// A signed document that is not believed.
#[derive(Debug, Error)]
pub enum SignedError {
    /// It is not such an envelope.
    #[error("the signed topology is not readable")]
    Unreadable(#[source] serde_json::Error),
    /// It is too large, or of another format.
    #[error("the signed topology has format {format}, {FORMAT} is known")]
    Format {
        /// Its format.
        format: u32,
    },
    /// It is larger than a topology can be.
    #[error("the signed topology has {bytes} bytes")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Somebody else signed it, or it was changed.
    #[error("the topology is not signed by this fleet's control plane")]
    Forged,
    /// It is signed, and wrong.
    #[error("the signed topology is refused")]
    Topology(#[from] TopologyError),
}

/// A key that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this is no key of 64 hexadecimal digits")]
pub struct NoKey;

#[derive(Serialize, Deserialize)]
struct Envelope {
    format: u32,
    signature: String,
    topology: String,
}

/// Signs; only the control plane has one.
pub struct Signer(Ed25519KeyPair);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// The signer of a secret.
    ///
    /// # Errors
    /// [`NoKey`] if no key can be made of it.
    pub fn new(secret: &[u8; 32]) -> Result<Self, NoKey> {
        Ed25519KeyPair::from_seed_unchecked(secret).map(Self).map_err(|_| NoKey)
    }

    /// Who can check what it signs.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        let mut key = [0; 32];
        key.copy_from_slice(self.0.public_key().as_ref());
        Verifier(key)
    }

    /// The signed document.
    ///
    /// # Errors
    /// [`SignedError::Topology`] if the document is not valid.
    pub fn sign(&self, topology: &Topology) -> Result<Vec<u8>, SignedError> {
        topology.validate()?;
        let text = serde_json::to_string(topology).map_err(SignedError::Unreadable)?;
        let signature = to_hex(self.0.sign(&[PURPOSE, text.as_bytes()].concat()).as_ref());
        let envelope = Envelope { format: FORMAT, signature, topology: text };
        serde_json::to_vec(&envelope).map_err(SignedError::Unreadable)
    }
}

/// Checks signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verifier([u8; 32]);

impl Verifier {
    /// Reads a public key of 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`NoKey`] if it is not one.
    pub fn parse(text: &str) -> Result<Self, NoKey> {
        let bytes = from_hex(text.trim()).ok_or(NoKey)?;
        Ok(Self(bytes.try_into().map_err(|_| NoKey)?))
    }

    /// The public key as a text.
    #[must_use]
    pub fn render(&self) -> String {
        to_hex(&self.0)
    }

    /// The document, if it is signed with the key and valid.
    ///
    /// # Errors
    /// [`SignedError`]; nothing of the document is looked at before its signature.
    pub fn open(&self, bytes: &[u8]) -> Result<Topology, SignedError> {
        if bytes.len() > 2 * TOPOLOGY_BYTES_MAX {
            return Err(SignedError::TooLarge { bytes: bytes.len() });
        }
        let envelope: Envelope = serde_json::from_slice(bytes).map_err(SignedError::Unreadable)?;
        if envelope.format != FORMAT {
            return Err(SignedError::Format { format: envelope.format });
        }
        let signature = from_hex(&envelope.signature).ok_or(SignedError::Forged)?;
        let signed = [PURPOSE, envelope.topology.as_bytes()].concat();
        let key = UnparsedPublicKey::new(&ED25519, &self.0);
        key.verify(&signed, &signature).map_err(|_| SignedError::Forged)?;
        Ok(Topology::parse(envelope.topology.as_bytes())?)
    }
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::tests::{fleet_of, region};

    #[test]
    fn only_what_the_control_plane_signed_is_believed() {
        let signer = Signer::new(&[7; 32]).unwrap();
        let topology = fleet_of(vec![region("north", 1..=3, 100)]);
        let signed = signer.sign(&topology).unwrap();
        let verifier = Verifier::parse(&signer.verifier().render()).unwrap();
        assert_eq!(verifier.open(&signed).unwrap(), topology);
        let other = Signer::new(&[8; 32]).unwrap().verifier();
        assert!(matches!(other.open(&signed), Err(SignedError::Forged)));
        let changed = String::from_utf8(signed).unwrap().replace("10001", "10009");
        assert!(matches!(verifier.open(changed.as_bytes()), Err(SignedError::Forged)));
    }

    #[test]
    fn any_change_of_any_byte_is_refused_and_none_panics() {
        let signer = Signer::new(&[7; 32]).unwrap();
        let topology = fleet_of(vec![region("north", 1..=2, 100)]);
        let signed = signer.sign(&topology).unwrap();
        for at in 0..signed.len() {
            let mut bytes = signed.clone();
            bytes[at] ^= 0x01;
            // A flipped case of a hexadecimal digit or a letter of a key is a different text too.
            assert!(signer.verifier().open(&bytes).is_err(), "byte {at}");
        }
        assert!(signer.verifier().open(&signed[..signed.len() - 1]).is_err());
    }

    #[test]
    fn a_wrong_topology_is_not_signed() {
        let mut topology = fleet_of(vec![region("north", 1..=2, 100)]);
        topology.regions.clear();
        assert!(Signer::new(&[7; 32]).unwrap().sign(&topology).is_err());
    }

    #[test]
    fn a_text_that_is_no_key_is_refused() {
        assert_eq!(Verifier::parse("zz"), Err(NoKey));
        assert_eq!(Verifier::parse(&"a".repeat(63)), Err(NoKey));
        assert_eq!(Verifier::parse(&"ü".repeat(32)), Err(NoKey));
    }
}
