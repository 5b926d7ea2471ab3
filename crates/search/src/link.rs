//! Signed ids of offers' links: what stands in `/v1/go/{token}?l=…`.
//!
//! A link id holds no address, only a fingerprint of the offer it belongs to, so nobody can be sent
//! where no partner pointed. The tag keeps strangers from probing for offers; it is `SipHash`-2-4
//! under a secret of the search, because a page carries a hundred links and a longer hash would
//! cost more than merging the answers did.
//!
//! Cost: about 50 ns a link.

mod siphash;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{AgentId, ItineraryKey};

use crate::token::{SearchId, TokenKeys};

/// Bytes of an opened link id.
const LINK_BYTES: usize = 16;

/// Fingerprint of one offer's link: itinerary, agent, brand and part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkId(u64);

impl LinkId {
    /// The fingerprint of an offer; `part` is 0 for a whole offer, 1 or 2 for the parts of a
    /// self-transfer combination.
    #[must_use]
    pub fn of(itinerary: ItineraryKey, agent: AgentId, brand: &str, part: u8) -> Self {
        let mut head = [0_u8; 25];
        head[..16].copy_from_slice(&itinerary.0.to_le_bytes());
        head[16..24].copy_from_slice(&agent.packed().to_le_bytes());
        head[24] = part;
        let seed = xxhash_rust::xxh3::xxh3_64(&head);
        Self(xxhash_rust::xxh3::xxh3_64_with_seed(brand.as_bytes(), seed))
    }
}

/// Signs and checks the link ids of one search.
#[derive(Clone)]
pub struct LinkSigner {
    /// Newest first, at least one.
    secrets: Vec<[u8; 16]>,
}

impl std::fmt::Debug for LinkSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkSigner")
    }
}

impl LinkSigner {
    /// The signer of a search.
    #[must_use]
    pub fn new(keys: &TokenKeys, search: SearchId) -> Self {
        Self { secrets: keys.derive(b"fareway link", &search.0.to_le_bytes()) }
    }

    /// Adds the signed id of an offer's link to a text: 22 characters that need no escaping.
    pub fn write(&self, link: LinkId, out: &mut String) {
        let mut bytes = [0_u8; LINK_BYTES];
        bytes[..8].copy_from_slice(&link.0.to_le_bytes());
        let tag =
            self.secrets.first().map_or(0, |secret| siphash::siphash_2_4(secret, &bytes[..8]));
        bytes[8..].copy_from_slice(&tag.to_le_bytes());
        URL_SAFE_NO_PAD.encode_string(bytes, out);
    }

    /// The signed id of an offer's link.
    #[must_use]
    pub fn sign(&self, link: LinkId) -> String {
        let mut text = String::with_capacity(22);
        self.write(link, &mut text);
        text
    }

    /// The link a signed id names; `None` if it is not one of this search.
    #[must_use]
    pub fn open(&self, text: &str) -> Option<LinkId> {
        if text.len() != 22 {
            return None;
        }
        let mut bytes = [0_u8; LINK_BYTES];
        let read = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (id, tag) = bytes.split_first_chunk::<8>()?;
        // Compared as a number: one comparison, whose time says nothing about the tag's bytes.
        let tag = u64::from_le_bytes(*tag.first_chunk()?);
        let genuine = self.secrets.iter().any(|secret| siphash::siphash_2_4(secret, id) == tag);
        (read == LINK_BYTES && genuine).then(|| LinkId(u64::from_le_bytes(*id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(search: u128) -> LinkSigner {
        LinkSigner::new(&TokenKeys::single(&[9; 32]), SearchId(search))
    }

    fn link(brand: &str, part: u8) -> LinkId {
        LinkId::of(ItineraryKey(77), AgentId::literal("ba__"), brand, part)
    }

    #[test]
    fn a_link_opens_in_its_own_search_only() {
        let text = signer(1).sign(link("LIGHT", 0));
        assert_eq!(signer(1).open(&text), Some(link("LIGHT", 0)));
        assert_eq!(signer(2).open(&text), None);
    }

    #[test]
    fn every_part_of_an_offers_identity_changes_its_link() {
        let base = link("LIGHT", 0);
        assert_ne!(base, link("FLEX", 0));
        assert_ne!(base, link("LIGHT", 1));
        assert_ne!(base, LinkId::of(ItineraryKey(78), AgentId::literal("ba__"), "LIGHT", 0));
        assert_ne!(base, LinkId::of(ItineraryKey(77), AgentId::literal("kl__"), "LIGHT", 0));
    }

    #[test]
    fn a_changed_link_is_not_a_link() {
        let text = signer(1).sign(link("", 0));
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(changed == text || signer(1).open(&changed).is_none(), "{changed}");
        }
        assert_eq!(signer(1).open(""), None);
    }
}
