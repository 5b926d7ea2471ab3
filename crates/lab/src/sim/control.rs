//! The control plane: real planning, signing and tables; what is simulated is whether it is reachable.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use fleet::capacity::RegionCapacity;
use fleet::control::{Change, Plan, note_health, plan};
use fleet::table::TableSum;
use fleet::topology::{CellSite, Region, SeenHealth, Topology};
use fleet::{BUCKETS, CellId, Fleet, Signer, Table, Verifier};
use runtime::FixedSet;
use xxhash_rust::xxh3::xxh3_128;

use super::deploy::FIRST;
use super::settings::{Broken, CELL_PEAK, WorldSettings, ZONES};

/// Names of zones.
pub(crate) const ZONE_NAMES: [&str; ZONES] = ["a", "b", "c"];

/// What the control plane gives to whoever asks.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
    /// Another one has another number.
    pub(crate) serial: u64,
    pub(crate) signed: Arc<Vec<u8>>,
    pub(crate) table: Arc<Vec<u8>>,
}

/// What is wrong with a poisoned offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Poison {
    /// The table's bytes are not those of its checksum.
    Damaged,
    /// The table is whole and signed for, and moves nearly everything.
    Moves,
    /// The document is an old one.
    Old,
    /// Somebody else signed it.
    Forged,
}

/// The control plane.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) up: bool,
    pub(crate) fleet: Fleet,
    signer: Signer,
    offered: Offered,
    offered_sum: TableSum,
    poisoned: Option<Offered>,
    first: Arc<Vec<u8>>,
    /// Tables that it made.
    pub(crate) sums: FixedSet<TableSum>,
    pub(crate) refused: u64,
}

/// What became of a planned change.
#[derive(Debug)]
pub(crate) enum Changed {
    /// It is made; the capacity of the regions before and after.
    Made(Vec<(RegionCapacity, RegionCapacity)>),
    /// It would leave too little.
    Refused,
}

impl Control {
    pub(crate) fn new(settings: &WorldSettings) -> Result<Self> {
        let fleet = Fleet::new(topology(settings));
        let signer = Signer::new(&[7; 32]).map_err(|error| anyhow!(error))?;
        let signed = Arc::new(signer.sign(&fleet.topology)?);
        let table = Arc::new(fleet.table.encode());
        let offered = Offered { serial: 1, signed: Arc::clone(&signed), table };
        let offered_sum = fleet.topology.table;
        Ok(Self {
            up: true,
            fleet,
            signer,
            offered,
            offered_sum,
            poisoned: None,
            first: signed,
            sums: FixedSet::from_iter([offered_sum]),
            refused: 0,
        })
    }

    pub(crate) fn verifier(&self) -> Verifier {
        self.signer.verifier()
    }

    /// What it gives now.
    pub(crate) fn offered(&self) -> &Offered {
        self.poisoned.as_ref().unwrap_or(&self.offered)
    }

    /// The kept pair an edge starts with.
    pub(crate) fn signed(&self) -> Arc<Vec<u8>> {
        Arc::clone(&self.offered.signed)
    }

    /// Plans a change and makes it if it leaves enough.
    pub(crate) fn change(&mut self, change: Change, settings: &WorldSettings) -> Result<Changed> {
        let plan = plan(&self.fleet, &[change])?;
        if plan.check_capacity().is_err() && !settings.breaks(Broken::Capacity) {
            self.refused += 1;
            return Ok(Changed::Refused);
        }
        let capacity = plan.capacity.into_iter();
        let capacity = capacity.filter_map(|(before, after)| Some((before?, after))).collect();
        self.fleet = plan.fleet;
        self.publish()?;
        Ok(Changed::Made(capacity))
    }

    /// Makes what a plan says.
    pub(crate) fn take(&mut self, plan: Plan) -> Result<()> {
        self.fleet = plan.fleet;
        self.publish()
    }

    /// Takes up what it sees of the cells.
    pub(crate) fn note(&mut self, seen: &[(CellId, SeenHealth)]) -> Result<()> {
        if note_health(&mut self.fleet.topology, seen) {
            self.publish()?;
        }
        Ok(())
    }

    fn publish(&mut self) -> Result<()> {
        let signed = Arc::new(self.signer.sign(&self.fleet.topology)?);
        let sum = self.fleet.topology.table;
        if self.offered_sum != sum {
            self.offered.table = Arc::new(self.fleet.table.encode());
            self.offered_sum = sum;
            self.sums.insert(sum);
        }
        (self.offered.serial, self.offered.signed) = (self.offered.serial + 2, signed);
        Ok(())
    }

    /// From now on it gives something that must not be used.
    pub(crate) fn poison(&mut self, poison: Poison) -> Result<()> {
        let mut wrong = self.fleet.topology.clone();
        wrong.version += 1;
        let mut offered = self.offered.clone();
        // Never a serial of what is in order.
        offered.serial += 1;
        match poison {
            Poison::Damaged => {
                let mut bytes = (*offered.table).clone();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                wrong.table = TableSum(xxh3_128(&bytes));
                (offered.signed, offered.table) = (self.signer.sign(&wrong)?.into(), bytes.into());
            }
            Poison::Moves => {
                let bytes = turned(&self.fleet);
                wrong.table = Table::decode(&bytes)?.sum();
                (offered.signed, offered.table) = (self.signer.sign(&wrong)?.into(), bytes.into());
            }
            Poison::Old => offered.signed = Arc::clone(&self.first),
            Poison::Forged => {
                let other = Signer::new(&[8; 32]).map_err(|error| anyhow!(error))?;
                if let Some(cell) = wrong.cell_mut(CellId(1)) {
                    cell.draining = true;
                }
                offered.signed = other.sign(&wrong)?.into();
            }
        }
        self.poisoned = Some(offered);
        Ok(())
    }

    /// It gives again what it should.
    pub(crate) fn heal(&mut self) {
        self.poisoned = None;
    }
}

/// The table of a fleet with the ranks of its last region moved on by one cell.
fn turned(fleet: &Fleet) -> Vec<u8> {
    let mut bytes = fleet.table.encode();
    let cells = fleet.table.regions().last().map_or(1, |region| region.cells().len());
    bytes.truncate(bytes.len() - size_of::<u128>());
    let ranks = bytes.len() - cells * BUCKETS;
    for place in &mut bytes[ranks..] {
        *place = ((usize::from(*place) + 1) % cells) as u8;
    }
    let sum = xxh3_128(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

fn topology(settings: &WorldSettings) -> Topology {
    let each = u32::from(settings.cells_a_region());
    let regions = (0..u32::from(settings.regions)).map(|region| {
        let cells = (0..each).map(|place| {
            let id = region * each + place + 1;
            CellSite {
                id: CellId(id),
                zone: ZONE_NAMES[place as usize % ZONES].to_owned(),
                address: ([10, 0, (id >> 8) as u8, id as u8], 8_080).into(),
                weight: 100,
                tested_max: CELL_PEAK,
                version: FIRST.to_owned(),
                draining: false,
                health: SeenHealth::Unknown,
            }
        });
        Region {
            name: region_name(region as u8),
            zones: ZONE_NAMES.map(str::to_owned).to_vec(),
            peak: settings.region_peak(),
            cells: cells.collect(),
        }
    });
    Topology {
        version: 1,
        table: TableSum::default(),
        regions: regions.collect(),
        overrides: Vec::new(),
    }
}

/// The name of a region by its number.
pub(crate) fn region_name(region: u8) -> String {
    format!("r{region}")
}
