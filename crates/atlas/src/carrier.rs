//! Airlines and their alliances.

use domain::{AgentId, AirportCode, CarrierCode, CountryCode};

/// An airline with an IATA designator.
#[derive(Clone, Debug)]
pub struct Carrier {
    /// IATA designator.
    pub code: CarrierCode,
    /// ICAO code; empty if not known.
    pub icao: &'static str,
    /// Name as travellers know it.
    pub name: &'static str,
    /// Home country, if known.
    pub country: Option<CountryCode>,
    /// Alliance, if it is a member of one.
    pub alliance: Option<AllianceId>,
    /// Whether it sells as a low-cost carrier.
    pub lowcost: bool,
    /// Main bases, biggest first; empty if not known.
    pub hubs: &'static [AirportCode],
    /// Number of the carrier in the v3 API; negative.
    pub id: i32,
    /// The carrier as a seller of its own flights.
    pub agent: AgentId,
}

/// Number of an alliance in the v3 API; negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AllianceId(pub i32);

/// An alliance of carriers.
#[derive(Clone, Debug)]
pub struct Alliance {
    /// Number in the v3 API.
    pub id: AllianceId,
    /// Short name for URLs and filters: `oneworld`, `star`, `skyteam`.
    pub key: &'static str,
    /// Name.
    pub name: &'static str,
}

/// Keys of the alliances, as `carriers.csv` and `ids.csv` use them, and their names.
pub(crate) const ALLIANCES: [(&str, &str); 3] =
    [("oneworld", "oneworld"), ("star", "Star Alliance"), ("skyteam", "SkyTeam")];
