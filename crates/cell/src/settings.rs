//! `[cell]` in the settings file: the limits of the outward API.

use http::Uri;
use runtime::Limited;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::culture;
use crate::intake::IntakeSettings;

/// `[cell]`: what the outward API allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CellSettings {
    /// Bytes of a request's body.
    pub body_bytes: Limited<1_024, 1_048_576>,
    /// Nesting of a JSON body.
    pub json_depth: Limited<4, 100>,
    /// Time in which a request's body must arrive, milliseconds.
    pub body_ms: Limited<100, 120_000>,
    /// Header lines of a request.
    pub headers: Limited<8, 100>,
    /// Bytes of a request's header lines together.
    pub header_bytes: Limited<1_024, 262_144>,
    /// Bytes of a request's path and query together.
    pub uri_bytes: Limited<512, 65_000>,
    /// Time for the answer to a request, milliseconds; event streams have their own.
    pub request_ms: Limited<100, 120_000>,
    /// How long a poll may wait for news, milliseconds.
    pub poll_wait_ms: Limited<0, 1_000>,
    /// Event streams open at once.
    pub streams: Limited<1, 100_000>,
    /// Time an event stream stays open, seconds; the browser resumes it.
    pub stream_seconds: Limited<1, 3_600>,
    /// Bytes of rendered pages kept.
    pub page_cache_bytes: Limited<0, 4_294_967_296>,
    /// Answers smaller than this are not compressed, bytes.
    pub compress_from_bytes: Limited<0, 1_048_576>,
    /// Where travellers reach us, e.g. `https://fares.example`; empty: as the request's host says.
    #[serde(deserialize_with = "public_url")]
    pub public_url: String,
    /// Market assumed when nothing else is known.
    #[serde(deserialize_with = "market")]
    pub home_market: String,
    /// Locale assumed when nothing else is known.
    #[serde(deserialize_with = "locale")]
    pub home_locale: String,
    /// Facts that others send.
    pub intake: IntakeSettings,
}

impl Default for CellSettings {
    fn default() -> Self {
        Self {
            body_bytes: Limited::literal(65_536),
            json_depth: Limited::literal(32),
            body_ms: Limited::literal(10_000),
            headers: Limited::literal(64),
            header_bytes: Limited::literal(32_768),
            uri_bytes: Limited::literal(8_192),
            request_ms: Limited::literal(15_000),
            poll_wait_ms: Limited::literal(1_000),
            streams: Limited::literal(2_000),
            stream_seconds: Limited::literal(60),
            page_cache_bytes: Limited::literal(64 << 20),
            compress_from_bytes: Limited::literal(1_024),
            public_url: String::new(),
            home_market: "GB".to_owned(),
            home_locale: "en-GB".to_owned(),
            intake: IntakeSettings::default(),
        }
    }
}

/// A text that is what it should be; the error says what that is.
fn checked<'de, D: Deserializer<'de>>(
    deserializer: D,
    good: impl FnOnce(&str) -> bool,
    sentence: &str,
) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if good(&text) { Ok(text) } else { Err(D::Error::custom(format!("{text:?} {sentence}"))) }
}

fn market<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let known = |text: &str| culture::known_market(text, atlas::atlas()).is_some();
    checked(deserializer, known, "is no country we know, e.g. GB")
}

fn locale<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let known = |text: &str| culture::read_locale(text).is_some();
    checked(deserializer, known, "is no language and country, e.g. en-GB")
}

/// It begins the links of answers, so it leads to a host and nowhere else.
fn public_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let leads_home = |text: &str| {
        let Ok(uri) = text.parse::<Uri>() else { return false };
        let web = matches!(uri.scheme_str(), Some("http" | "https"));
        web && uri.host().is_some_and(|host| !host.is_empty()) && uri.query().is_none()
    };
    let sentence = "must be empty or an address such as https://fares.example";
    checked(deserializer, |text| text.is_empty() || leads_home(text), sentence)
}
