//! All settings of a process: compiled defaults, then a file, then the environment, then flags.
//!
//! Each crate owns its own struct; this file only nests them. Reading has two steps: text to the
//! nested structs (unknown keys and numbers out of range are refused there), then layers on top,
//! remembering for every key which layer set it (`fareway settings explain`).

mod explain;
mod layers;

use std::net::SocketAddr;
use std::path::PathBuf;

use runtime::Limited;
use serde::{Deserialize, Serialize};

pub(crate) use explain::explain;
pub(crate) use layers::{Loaded, load};

/// Everything that can be set. The commented file `config/laptop.toml` holds the same keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// `[server]`
    pub(crate) server: ServerSettings,
    /// `[sandbox]`
    pub(crate) sandbox: SandboxSettings,
    /// `[partners]`
    pub(crate) partners: PartnersSettings,
    /// `[search]`
    pub(crate) search: search::SearchSettings,
    /// `[prices]`
    pub(crate) prices: PricesSettings,
    /// `[facts]`
    pub(crate) facts: events::fact::FactSettings,
    /// `[cell]`
    pub(crate) cell: cell::CellSettings,
    /// `[fleet]`
    pub(crate) fleet: FleetSettings,
    /// `[edge]`
    pub(crate) edge: edge::EdgeSettings,
    /// `[tls]`
    pub(crate) tls: edge::tls::TlsSettings,
}

/// `[prices]`: what is remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PricesSettings {
    pub(crate) enabled: bool,
    pub(crate) shared: String,
    pub(crate) log_url: String,
    pub(crate) beside: Vec<String>,
    /// `[prices.freshness]`
    pub(crate) freshness: prices::freshness::FreshnessSettings,
    /// `[prices.store]`
    pub(crate) store: prices::store::StoreSettings,
    /// `[prices.indicative]`
    pub(crate) indicative: prices::indicative::IndicativeSettings,
    /// `[prices.history]`
    pub(crate) history: prices::history::HistorySettings,
    pub(crate) history_snapshot_s: Limited<10, 86_400>,
    /// `[prices.snapshot]`
    pub(crate) snapshot: prices::memory::KeepSettings,
    /// `[prices.log]`
    pub(crate) log: events::log::LogSettings,
}

impl Default for PricesSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            shared: String::new(),
            log_url: String::new(),
            beside: Vec::new(),
            freshness: prices::freshness::FreshnessSettings::default(),
            store: prices::store::StoreSettings::default(),
            indicative: prices::indicative::IndicativeSettings::default(),
            history: prices::history::HistorySettings::default(),
            history_snapshot_s: Limited::literal(300),
            snapshot: prices::memory::KeepSettings::default(),
            log: events::log::LogSettings::default(),
        }
    }
}

/// `[fleet]`: cells on this machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FleetSettings {
    pub(crate) cells: Limited<0, 16>,
    pub(crate) region: String,
    pub(crate) zone: String,
    pub(crate) regions: Limited<1, 8>,
    pub(crate) zones: Limited<1, 16>,
    pub(crate) peak: Limited<0, 1_000_000_000>,
    pub(crate) tested_max: Limited<1, 1_000_000_000>,
    pub(crate) first_port: Limited<0, 65_000>,
    pub(crate) reached_port: Limited<0, 65_000>,
    pub(crate) look_ms: Limited<100, 600_000>,
    pub(crate) stop_ms: Limited<100, 60_000>,
    pub(crate) leave_ms: Limited<0, 120_000>,
    /// `[fleet.spot]`
    pub(crate) spot: SpotSettings,
}

/// `[fleet.spot]`: where the cloud says that it takes the machine away.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SpotSettings {
    pub(crate) metadata_url: String,
    pub(crate) look_ms: Limited<100, 60_000>,
    pub(crate) margin_ms: Limited<0, 120_000>,
}

impl Default for SpotSettings {
    fn default() -> Self {
        Self {
            metadata_url: String::new(),
            look_ms: Limited::literal(5_000),
            margin_ms: Limited::literal(10_000),
        }
    }
}

impl Default for FleetSettings {
    fn default() -> Self {
        Self {
            cells: Limited::literal(0),
            region: "local".to_owned(),
            zone: String::new(),
            regions: Limited::literal(1),
            zones: Limited::literal(1),
            peak: Limited::literal(100),
            tested_max: Limited::literal(100),
            first_port: Limited::literal(0),
            reached_port: Limited::literal(0),
            look_ms: Limited::literal(2_000),
            stop_ms: Limited::literal(4_500),
            leave_ms: Limited::literal(20_000),
            spot: SpotSettings::default(),
        }
    }
}

/// `[server]`: the process itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerSettings {
    pub(crate) listen: SocketAddr,
    pub(crate) data: PathBuf,
    pub(crate) connections_max: Limited<1, 100_000>,
    pub(crate) worker_threads: Limited<1, 256>,
    pub(crate) drain_ms: Limited<0, 60_000>,
    pub(crate) log: String,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data: PathBuf::from(".fareway"),
            connections_max: Limited::literal(10_000),
            worker_threads: Limited::literal(2),
            drain_ms: Limited::literal(3_000),
            log: "warn".to_owned(),
        }
    }
}

/// `[sandbox]`: the simulated market this process serves and asks.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SandboxSettings {
    pub(crate) enabled: bool,
    pub(crate) listen: SocketAddr,
    pub(crate) seed: Limited<0, { i64::MAX as u64 }>,
    pub(crate) flights_file: PathBuf,
    pub(crate) partners: Limited<1, 1_200>,
    pub(crate) latency_percent: Limited<0, 1_000>,
    pub(crate) faulty_one_in: Limited<0, 1_200>,
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            seed: Limited::literal(1),
            flights_file: PathBuf::new(),
            partners: Limited::literal(1_200),
            latency_percent: Limited::literal(100),
            faulty_one_in: Limited::literal(0),
        }
    }
}

/// `[partners]`: where partner files are, and the limits of asking.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PartnersSettings {
    pub(crate) folder: PathBuf,
    /// `[partners.asking]`
    pub(crate) asking: partners::AskerSettings,
}

impl Default for PartnersSettings {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("config/partners"),
            asking: partners::AskerSettings::default(),
        }
    }
}
