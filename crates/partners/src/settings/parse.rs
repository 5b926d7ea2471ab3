//! From the text of a partner file to validated settings, in two steps: the form, then what only
//! several keys together can say.

use std::path::Path;

use domain::{AgentId, AirportCode, Cabin, CarrierCode, CountryCode, CurrencyCode, PartnerId};
use http::HeaderValue;
use runtime::Limited;
use serde::Deserialize;

use super::{
    AgentKind, AgentSettings, Credentials, FileError, FreshnessOverrides, PartnerSettings,
    ProtocolKind, Secret,
};
use crate::coverage::Coverage;
use crate::link::{LinkTemplate, check_url};
use crate::protocol::json::text;

/// Sellers of one partner at most.
const AGENTS_MAX: usize = 200;

/// Codes in one list at most.
const LIST_MAX: usize = 20_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(with = "text")]
    id: PartnerId,
    name: String,
    #[serde(with = "protocol")]
    protocol: ProtocolKind,
    endpoint: String,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    credentials: CredentialsFile,
    agents: Vec<AgentFile>,
    #[serde(default, with = "text::option")]
    currency: Option<CurrencyCode>,
    link: Option<String>,
    #[serde(default = "timeout_ms")]
    timeout_ms: Limited<100, 60_000>,
    #[serde(default = "requests_per_second")]
    requests_per_second: Limited<1, 10_000>,
    burst: Option<Limited<1, 10_000>>,
    #[serde(default = "concurrency")]
    concurrency: Limited<1, 1_000>,
    #[serde(default = "idle_connections")]
    idle_connections: Limited<0, 1_000>,
    #[serde(default = "idle_ms")]
    idle_ms: Limited<1_000, 600_000>,
    #[serde(default = "answer_bytes_max")]
    answer_bytes_max: Limited<1_024, 134_217_728>,
    #[serde(default = "yes")]
    gzip: bool,
    #[serde(default)]
    http2: bool,
    #[serde(default)]
    coverage: CoverageFile,
    #[serde(default)]
    freshness: FreshnessOverrides,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialsFile {
    token: Option<String>,
    token_file: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_secret_file: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgentFile {
    #[serde(with = "text")]
    id: AgentId,
    name: String,
    #[serde(with = "agent_kind")]
    kind: AgentKind,
    #[serde(default, with = "text::list")]
    carriers: Vec<CarrierCode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CoverageFile {
    #[serde(with = "text_lists::countries")]
    markets: Option<Vec<CountryCode>>,
    #[serde(with = "text_lists::airports")]
    airports: Option<Vec<AirportCode>>,
    #[serde(with = "text_lists::carriers")]
    carriers: Option<Vec<CarrierCode>>,
    #[serde(with = "text_lists::cabins")]
    cabins: Option<Vec<Cabin>>,
    horizon_days: Limited<1, 400>,
    travellers_max: Limited<1, 16>,
    legs_max: Limited<1, 6>,
}

impl Default for CoverageFile {
    fn default() -> Self {
        let Coverage {
            markets,
            airports,
            carriers,
            cabins,
            horizon_days,
            travellers_max,
            legs_max,
        } = Coverage::default();
        Self { markets, airports, carriers, cabins, horizon_days, travellers_max, legs_max }
    }
}

const fn yes() -> bool {
    true
}

const fn timeout_ms() -> Limited<100, 60_000> {
    Limited::literal(8_000)
}

const fn requests_per_second() -> Limited<1, 10_000> {
    Limited::literal(20)
}

const fn concurrency() -> Limited<1, 1_000> {
    Limited::literal(32)
}

const fn idle_connections() -> Limited<0, 1_000> {
    Limited::literal(8)
}

const fn idle_ms() -> Limited<1_000, 600_000> {
    Limited::literal(30_000)
}

const fn answer_bytes_max() -> Limited<1_024, 134_217_728> {
    Limited::literal(32 << 20)
}

mod protocol {
    use serde::de::{Deserialize, Deserializer, Error};

    use super::ProtocolKind;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<ProtocolKind, D::Error> {
        let text = String::deserialize(deserializer)?;
        let found = ProtocolKind::ALL.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| D::Error::custom("expected \"fareway\", \"duffel\" or \"amadeus\""))
    }
}

mod agent_kind {
    use serde::de::{Deserialize, Deserializer, Error};

    use super::AgentKind;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<AgentKind, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "airline" => Ok(AgentKind::Airline),
            "travel_agent" => Ok(AgentKind::TravelAgent),
            _ => Err(D::Error::custom("expected \"airline\" or \"travel_agent\"")),
        }
    }
}

/// Lists of codes that are sorted when read; an empty list would cover nothing and is refused.
mod text_lists {
    use serde::de::{Deserializer, Error};

    use super::LIST_MAX;
    use crate::protocol::json::text;

    macro_rules! sorted_list {
        ($name:ident, $code:ty) => {
            pub(super) mod $name {
                use super::*;

                pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<Option<Vec<$code>>, D::Error> {
                    let mut list: Vec<$code> = text::list::deserialize(deserializer)?;
                    list.sort_unstable();
                    list.dedup();
                    if list.is_empty() || list.len() > LIST_MAX {
                        return Err(D::Error::custom(format!(
                            "expected 1 to {LIST_MAX} values; leave the key out for all"
                        )));
                    }
                    Ok(Some(list))
                }
            }
        };
    }

    sorted_list!(countries, domain::CountryCode);
    sorted_list!(airports, domain::AirportCode);
    sorted_list!(carriers, domain::CarrierCode);
    sorted_list!(cabins, domain::Cabin);
}

/// Reads and validates.
pub(super) fn parse(
    file: &str,
    text: &str,
    folder: Option<&Path>,
) -> Result<PartnerSettings, FileError> {
    let read: File =
        toml::from_str(text).map_err(|error| FileError::of_toml(file, text, &error))?;
    let wrong = |key: &str, problem: String| FileError::of_key(file, text, key, problem);
    check_name(&read.name).map_err(|problem| wrong("name", problem))?;
    if check_url(&read.endpoint).is_none() || read.endpoint.contains(['?', '#']) {
        let problem =
            "expected an absolute http or https URL without query, e.g. https://api.example";
        return Err(wrong("endpoint", problem.to_owned()));
    }
    if read.http2 && read.protocol != ProtocolKind::Fareway {
        let problem = "expected false: only the protocol \"fareway\" is spoken over HTTP/2";
        return Err(wrong("http2", problem.to_owned()));
    }
    check_codes(&read).map_err(|(key, problem)| wrong(key, problem))?;
    let credentials = credentials(read.protocol, read.credentials, folder)
        .map_err(|(key, problem)| wrong(&format!("credentials.{key}"), problem))?;
    let link = match (&read.link, read.protocol) {
        (Some(link), _) => {
            let parsed = LinkTemplate::parse(link);
            Some(parsed.map_err(|error| wrong("link", error.to_string()))?)
        }
        (None, ProtocolKind::Fareway) => None,
        (None, ProtocolKind::Duffel | ProtocolKind::Amadeus) => {
            let problem = "missing: this protocol carries no links, so a template is needed, e.g. https://shop.example/{offer_id}";
            return Err(wrong("link", problem.to_owned()));
        }
    };
    let agents = agents(read.agents).map_err(|(key, problem)| wrong(key, problem))?;
    let CoverageFile {
        markets,
        airports,
        carriers,
        cabins,
        horizon_days,
        travellers_max,
        legs_max,
    } = read.coverage;
    Ok(PartnerSettings {
        id: read.id,
        name: read.name,
        protocol: read.protocol,
        endpoint: read.endpoint.trim_end_matches('/').to_owned(),
        credentials,
        agents,
        currency: read.currency,
        link,
        timeout_ms: read.timeout_ms,
        requests_per_second: read.requests_per_second,
        burst: read.burst.unwrap_or(read.requests_per_second),
        concurrency: read.concurrency,
        idle_connections: read.idle_connections,
        idle_ms: read.idle_ms,
        answer_bytes_max: read.answer_bytes_max,
        gzip: read.gzip,
        http2: read.http2,
        coverage: Coverage {
            markets,
            airports,
            carriers,
            cabins,
            horizon_days,
            travellers_max,
            legs_max,
        },
        freshness: read.freshness,
        enabled: read.enabled,
    })
}

/// A code that the world does not have is a slip, and a partner with it is never asked, or never understood.
fn check_codes(read: &File) -> Result<(), KeyProblem> {
    let atlas = atlas::atlas();
    if let Some(currency) = read.currency.filter(|&currency| !atlas.rates().knows(currency)) {
        return Err(("currency", format!("no exchange rate is known for {currency}")));
    }
    let mut airports = read.coverage.airports.iter().flatten();
    if let Some(code) = airports.find(|&&code| atlas.airport(code).is_none()) {
        return Err(("coverage.airports", format!("{code} is no airport")));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), String> {
    let good = !name.trim().is_empty()
        && name.chars().count() <= 80
        && !name.chars().any(char::is_control);
    if good { Ok(()) } else { Err("expected 1 to 80 characters without control characters".into()) }
}

type KeyProblem = (&'static str, String);

fn agents(read: Vec<AgentFile>) -> Result<Vec<AgentSettings>, KeyProblem> {
    if read.is_empty() || read.len() > AGENTS_MAX {
        return Err(("agents", format!("expected 1 to {AGENTS_MAX} agents, got {}", read.len())));
    }
    let mut agents: Vec<AgentSettings> = Vec::with_capacity(read.len());
    for AgentFile { id, name, kind, carriers } in read {
        check_name(&name).map_err(|problem| ("agents.name", problem))?;
        if agents.iter().any(|known| known.id == id) {
            return Err(("agents.id", format!("{id} is listed twice")));
        }
        agents.push(AgentSettings { id, name, kind, carriers });
    }
    Ok(agents)
}

fn credentials(
    protocol: ProtocolKind,
    read: CredentialsFile,
    folder: Option<&Path>,
) -> Result<Credentials, KeyProblem> {
    let CredentialsFile { token, token_file, client_id, client_secret, client_secret_file } = read;
    let token = one_of(["token", "token_file"], token, token_file, folder)?;
    let secret_keys = ["client_secret", "client_secret_file"];
    let secret = one_of(secret_keys, client_secret, client_secret_file, folder)?;
    let credentials = match (token, client_id, secret) {
        (None, None, None) => Credentials::None,
        (Some(token), None, None) => {
            if HeaderValue::try_from(format!("Bearer {token}")).is_err() {
                return Err(("token", "contains characters a header cannot carry".to_owned()));
            }
            Credentials::Token(Secret::new(token))
        }
        (None, Some(id), Some(secret)) => Credentials::Client { id, secret: Secret::new(secret) },
        (None, None, Some(_)) => return Err(("client_id", "missing".to_owned())),
        (None, Some(_), None) => return Err(("client_secret", "missing".to_owned())),
        (Some(_), _, _) => {
            return Err(("token", "give either a token or a client id and secret".to_owned()));
        }
    };
    match (protocol, &credentials) {
        (ProtocolKind::Duffel, Credentials::None | Credentials::Client { .. }) => {
            Err(("token", "missing: Duffel needs a token".to_owned()))
        }
        (ProtocolKind::Amadeus, Credentials::None | Credentials::Token(_)) => {
            Err(("client_id", "missing: Amadeus needs client_id and client_secret".to_owned()))
        }
        (ProtocolKind::Fareway, Credentials::Client { .. }) => {
            Err(("client_id", "this protocol takes a token or nothing".to_owned()))
        }
        (
            ProtocolKind::Fareway | ProtocolKind::Duffel | ProtocolKind::Amadeus,
            Credentials::None | Credentials::Token(_) | Credentials::Client { .. },
        ) => Ok(credentials),
    }
}

/// A secret given in the file or in a file of its own.
fn one_of(
    [key, file_key]: [&'static str; 2],
    given: Option<String>,
    file: Option<String>,
    folder: Option<&Path>,
) -> Result<Option<String>, KeyProblem> {
    let (key, secret) = match (given, file) {
        (Some(_), Some(_)) => return Err((file_key, "given twice".to_owned())),
        (given, None) => (key, given),
        (None, Some(file)) => {
            let folder = folder.ok_or((file_key, "allowed in files on disk only".to_owned()))?;
            // Read once per change of the partner file, on the thread that reads that file.
            let text = std::fs::read_to_string(folder.join(file))
                .map_err(|error| (file_key, format!("cannot be read: {error}")))?;
            (file_key, Some(text.trim().to_owned()))
        }
    };
    match secret {
        Some(secret) if secret.is_empty() || secret.len() > 4_096 => {
            Err((key, "expected 1 to 4096 characters".to_owned()))
        }
        secret => Ok(secret),
    }
}
