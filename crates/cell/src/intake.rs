//! Who may send facts, and how many: `[cell.intake]`.
//!
//! Servers show the operator's token. Browsers show the key of a beacon, which is no secret: it stands in a page, and
//! says whose page it is. So browsers can tell only what matters least, from pages of origins that the key names, and
//! so many bodies a second.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderValue};
use runtime::{Limited, TokenBucket};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use tokio::sync::Semaphore;

/// Longest key.
const KEY_BYTES: usize = 64;
/// A key may be used so many seconds' worth at once.
const BURST_SECONDS: u64 = 2;
/// Any page.
const ANY: &str = "*";

/// `[cell.intake]`: facts that others send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntakeSettings {
    /// Bytes of a body of facts that a server sends.
    pub facts_bytes: Limited<65_536, 4_194_304>,
    /// Such bodies that are taken in at once; more are refused.
    pub facts_at_once: Limited<1, 1_024>,
    /// Bodies that browsers with one key send a second; more are refused.
    pub beacons_per_second: Limited<1, 1_000_000>,
    /// Who may send from browsers.
    pub beacons: Vec<BeaconKey>,
}

/// The pages that send facts with one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeaconKey {
    /// The key: letters, digits, `-` and `_`.
    #[serde(deserialize_with = "key")]
    pub key: String,
    /// Origins of pages besides our own, e.g. `https://partner.example`; `*` is any.
    #[serde(default)]
    pub origins: Vec<String>,
}

impl Default for IntakeSettings {
    fn default() -> Self {
        Self {
            facts_bytes: Limited::literal(1_048_576),
            facts_at_once: Limited::literal(32),
            beacons_per_second: Limited::literal(500),
            beacons: vec![BeaconKey { key: "page".to_owned(), origins: Vec::new() }],
        }
    }
}

fn key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let key = String::deserialize(deserializer)?;
    if is_key(&key) { Ok(key) } else { Err(D::Error::custom(format!("{key:?} {KEY_EXPECTED}"))) }
}

/// What a key looks like.
pub(crate) const KEY_EXPECTED: &str = "must be 1 to 64 letters, digits, - and _";

/// Whether a text can be a key.
pub(crate) fn is_key(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=KEY_BYTES).contains(&text.len()) && text.bytes().all(plain)
}

/// What is kept of it between requests.
#[derive(Debug)]
pub(crate) struct Intake {
    /// Bodies of servers under way.
    pub(crate) bodies: Semaphore,
    /// By the order of the keys.
    buckets: Vec<Mutex<TokenBucket>>,
}

/// Whether a page may send with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// It is our own, or no page at all.
    Own,
    /// It is one that the key names.
    Named,
    /// Any page may.
    Any,
    /// It may not.
    No,
}

impl Intake {
    pub(crate) fn new(settings: &IntakeSettings) -> Self {
        let per_second = settings.beacons_per_second.get();
        let now = runtime::now();
        let bucket =
            || TokenBucket::new(per_second as f64, (per_second * BURST_SECONDS) as f64, now);
        Self {
            bodies: Semaphore::new(settings.facts_at_once.size()),
            buckets: settings.beacons.iter().map(|_| Mutex::new(bucket())).collect(),
        }
    }

    /// Counts one body with the key at a place.
    ///
    /// # Errors
    /// How long to wait for the next one.
    pub(crate) fn take(&self, at: usize) -> Result<(), Duration> {
        let Some(bucket) = self.buckets.get(at) else { return Ok(()) };
        bucket.lock().unwrap_or_else(PoisonError::into_inner).take(runtime::now())
    }
}

impl BeaconKey {
    /// Whether the page that sends a request may do so.
    pub(crate) fn allows(&self, headers: &HeaderMap) -> Allowed {
        let Some(origin) = headers.get(ORIGIN) else { return Allowed::Own };
        let Ok(origin) = origin.to_str() else { return Allowed::No };
        let host = headers.get(HOST).map(HeaderValue::as_bytes);
        // Scheme and host are one thing to a browser; behind a proxy we know only the host.
        let own = origin.split_once("://").is_some_and(|(_, name)| Some(name.as_bytes()) == host);
        match () {
            () if own => Allowed::Own,
            () if self.origins.iter().any(|known| known.eq_ignore_ascii_case(origin)) => {
                Allowed::Named
            }
            () if self.origins.iter().any(|known| known == ANY) => Allowed::Any,
            () => Allowed::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("fares.example:8443"));
        if let Some(origin) = origin {
            headers.insert(ORIGIN, HeaderValue::try_from(origin).unwrap());
        }
        headers
    }

    #[test]
    fn a_key_is_for_our_own_pages_and_those_it_names() {
        let mut key = BeaconKey {
            key: "page".to_owned(),
            origins: vec!["https://partner.example".to_owned()],
        };
        assert_eq!(key.allows(&from(None)), Allowed::Own);
        assert_eq!(key.allows(&from(Some("https://fares.example:8443"))), Allowed::Own);
        assert_eq!(key.allows(&from(Some("https://Partner.example"))), Allowed::Named);
        for other in
            ["https://evil.example", "http://partner.example", "null", "fares.example:8443", ""]
        {
            assert_eq!(key.allows(&from(Some(other))), Allowed::No, "{other}");
        }
        key.origins.push(ANY.to_owned());
        assert_eq!(key.allows(&from(Some("https://evil.example"))), Allowed::Any);
    }

    #[test]
    fn keys_are_short_and_plain() {
        let read = |key: &str| serde_json::from_value::<BeaconKey>(serde_json::json!({"key": key}));
        assert!(read("page-2_A").is_ok());
        for wrong in ["", "a b", "ä", &"x".repeat(65)] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_key_has_so_many_bodies_a_second() {
        let mut settings =
            IntakeSettings { beacons_per_second: Limited::literal(3), ..Default::default() };
        settings.beacons.push(BeaconKey { key: "other".to_owned(), origins: Vec::new() });
        let intake = Intake::new(&settings);
        let taken = (0..20).filter(|_| intake.take(0).is_ok()).count();
        assert_eq!(taken, 6);
        assert!(intake.take(0).unwrap_err() <= Duration::from_secs(1));
        assert_eq!(intake.take(1), Ok(()));
    }
}
