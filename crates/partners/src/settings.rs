//! What is known about a partner: the validated form of one file in `config/partners/`.
//!
//! [`PartnerSettings::parse`] turns the text of a file into final types or a [`FileError`] that
//! names file, line, key, value and allowed range. Secrets are never shown by `Debug`.

use std::fmt;
use std::path::Path;

use domain::{AgentId, CarrierCode, CurrencyCode, PartnerId};
use runtime::Limited;
use serde::Deserialize;

use crate::coverage::Coverage;
use crate::link::LinkTemplate;

mod file;
mod parse;
#[cfg(test)]
mod tests;

pub use file::FileError;

/// The wire protocol of a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProtocolKind {
    /// Fareway's own: streamed NDJSON.
    Fareway,
    /// Duffel v2 offer requests.
    Duffel,
    /// Amadeus Flight Offers Search v2.
    Amadeus,
}

impl ProtocolKind {
    /// All protocols.
    pub const ALL: [Self; 3] = [Self::Fareway, Self::Duffel, Self::Amadeus];

    /// Name in files and ledgers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fareway => "fareway",
            Self::Duffel => "duffel",
            Self::Amadeus => "amadeus",
        }
    }
}

/// What a seller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AgentKind {
    /// An airline that sells its own flights.
    Airline,
    /// A travel agent.
    TravelAgent,
}

/// A seller whose offers a partner brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSettings {
    /// Its id, unique among all partners' agents of the same name.
    pub id: AgentId,
    /// Name a traveller reads.
    pub name: String,
    /// What it is.
    pub kind: AgentKind,
    /// Carriers whose own offers (Duffel `owner`, first Amadeus `validatingAirlineCodes`) it sells.
    pub carriers: Vec<CarrierCode>,
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text secret.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the one request that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How we identify ourselves to a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// Not at all.
    None,
    /// A bearer token.
    Token(Secret),
    /// A client id and secret, changed for a token.
    Client {
        /// Client id.
        id: String,
        /// Client secret.
        secret: Secret,
    },
}

/// `[freshness]` of a partner file: lifetimes in minutes; what is absent is as for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FreshnessOverrides {
    /// Departure within 7 days.
    pub this_week_minutes: Option<Limited<1, 10_080>>,
    /// Departure within 30 days.
    pub this_month_minutes: Option<Limited<1, 10_080>>,
    /// Departure later.
    pub later_minutes: Option<Limited<1, 10_080>>,
    /// It had no flights.
    pub no_flights_minutes: Option<Limited<1, 10_080>>,
    /// A price a traveller is about to buy.
    pub click_out_minutes: Option<Limited<1, 60>>,
    /// Of 1,000 prices, how many may have changed when an answer's time is over.
    pub changed_per_mille: Option<Limited<1, 1_000>>,
}

/// Everything known about one partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerSettings {
    /// Its id.
    pub id: PartnerId,
    /// Name an operator reads.
    pub name: String,
    /// Wire protocol.
    pub protocol: ProtocolKind,
    /// Absolute `http` or `https` URL without a slash at the end; the protocol adds its paths.
    pub endpoint: String,
    /// How we identify ourselves.
    pub credentials: Credentials,
    /// Sellers, at least one; the first is the default.
    pub agents: Vec<AgentSettings>,
    /// Currency asked for; the partner's own choice if absent.
    pub currency: Option<CurrencyCode>,
    /// Where a traveller buys an offer; needed where the protocol carries no link.
    pub link: Option<LinkTemplate>,
    /// Longest wait for a whole answer, milliseconds.
    pub timeout_ms: Limited<100, 60_000>,
    /// Requests a second at most.
    pub requests_per_second: Limited<1, 10_000>,
    /// Requests at once above the rate.
    pub burst: Limited<1, 10_000>,
    /// Requests open at once.
    pub concurrency: Limited<1, 1_000>,
    /// Connections kept open for the next request.
    pub idle_connections: Limited<0, 1_000>,
    /// How long an unused connection stays open, milliseconds.
    pub idle_ms: Limited<1_000, 600_000>,
    /// Largest answer after unpacking, bytes.
    pub answer_bytes_max: Limited<1_024, 134_217_728>,
    /// Whether answers may come gzipped.
    pub gzip: bool,
    /// Whether to speak HTTP/2 (Fareway's own protocol only).
    pub http2: bool,
    /// What it sells.
    pub coverage: Coverage,
    /// How long its answers are remembered as fresh, where it differs from `[prices.freshness]`.
    pub freshness: FreshnessOverrides,
    /// Whether it is asked at all.
    pub enabled: bool,
}

impl PartnerSettings {
    /// Reads the text of a partner file. `folder` is where files named in it (`token_file`) lie.
    ///
    /// # Errors
    /// [`FileError`] naming what is wrong and where.
    pub fn parse(file: &str, text: &str, folder: Option<&Path>) -> Result<Self, FileError> {
        parse::parse(file, text, folder)
    }

    /// The seller used when an offer names none.
    #[must_use]
    pub fn default_agent(&self) -> Option<&AgentSettings> {
        self.agents.first()
    }

    /// The seller of a carrier's own offers, or the default one.
    #[must_use]
    pub fn agent_of_carrier(&self, carrier: Option<CarrierCode>) -> Option<AgentId> {
        let own = carrier
            .and_then(|code| self.agents.iter().find(|agent| agent.carriers.contains(&code)));
        own.or(self.agents.first()).map(|agent| agent.id)
    }
}
