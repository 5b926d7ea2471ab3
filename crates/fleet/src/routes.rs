//! Chooses a cell: for new work by its key, for work that lost its cell by what it is.
//!
//! New work: the override of its bucket if there is one, else the first ranked cell that is usable and
//! not draining; cells of the own zone before others of the region, other regions only when none of
//! the own can be used. A zone keeps no more of its work than its cells carry of the region's,
//! counted as if as much came in at every zone: what it lost, or never had, is carried by the zones
//! that have more than their part, or N+2 would hold on paper only. Lost work: rendezvous on its id,
//! equal at every edge that sees the same cells.
//!
//! Work of a [`Tenant`] reaches its shard only, and goes by its own override instead of that of its
//! routing key: [`shard`].
//!
//! Cost: [`Routes::choose`] reads one row of the table and a few masks; well under 50 ns. A shard costs a
//! hash for each cell of a region more.

mod shard;

use std::net::SocketAddr;

use runtime::FixedMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::health::Standing;
use crate::table::{RegionTable, bucket_of_hash};
use crate::take_up::Fleet;
use crate::topology::{CELLS_MAX, CellId, CellSite, OverrideKind, REGIONS_MAX, Region};

pub use self::shard::Tenant;

/// Where a cell stands in [`Routes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    region: u8,
    cell: u8,
}

/// Which cells get work now. Places are those of the [`Routes`] it was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usable {
    up: [u16; REGIONS_MAX],
    /// Those that answer for what they have, though they may want nothing new.
    keep: [u16; REGIONS_MAX],
    share: [[u8; CELLS_MAX]; REGIONS_MAX],
    /// How much of new work stays in the own zone, of 255.
    stays: u8,
    /// Cells of the own region that carry the rest: those of zones with more than their part.
    spare: u16,
}

/// What an override says.
enum Ruled {
    /// Nothing, or nothing that can be done.
    ByTable,
    To(Place),
    /// It is quarantined, and its cell cannot be used.
    Nowhere,
}

/// A cell that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its number.
    pub id: CellId,
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether it takes no new work.
    pub draining: bool,
}

#[derive(Clone, Debug)]
struct RegionRoutes {
    /// First those of the table, at their places there; then those of weight 0.
    cells: Vec<Route>,
    table: RegionTable,
    own_zone: u16,
    /// Cells that take new work.
    open: u16,
    /// The cells of each zone.
    zones: Vec<u16>,
}

/// The ways of an edge. Made anew for each topology.
#[derive(Clone, Debug)]
pub struct Routes {
    /// The own region first, then in the order of the topology.
    regions: Vec<RegionRoutes>,
    places: FixedMap<CellId, Place>,
    /// Buckets with an override: first, last, kind, cell; sorted, without overlap.
    overrides: Vec<(u16, u16, OverrideKind, Place)>,
}

impl Routes {
    /// The ways of an edge in a region and zone. In a region that is not there, the first one of the
    /// topology counts as its own.
    #[must_use]
    pub fn new(fleet: &Fleet, region: &str, zone: &str) -> Self {
        let mut order: Vec<&Region> = fleet.topology.regions.iter().collect();
        order.sort_by_key(|known| known.name != region);
        let regions: Vec<RegionRoutes> = order
            .into_iter()
            .filter_map(|known| {
                let table = fleet.table.region(&known.name)?;
                let zone = if known.name == region { zone } else { "" };
                Some(region_routes(known, table, zone))
            })
            .collect();
        let mut places = FixedMap::default();
        for (at, region) in (0..).zip(&regions) {
            let cells = (0..).zip(&region.cells);
            places.extend(cells.map(|(cell, route)| (route.id, Place { region: at, cell })));
        }
        let mut overrides: Vec<_> = fleet
            .topology
            .overrides
            .iter()
            .filter_map(|entry| {
                Some((entry.first, entry.last, entry.kind, *places.get(&entry.cell)?))
            })
            .collect();
        overrides.sort_by_key(|&(first, ..)| first);
        Self { regions, places, overrides }
    }

    /// The cell at a place.
    #[must_use]
    pub fn at(&self, place: Place) -> &Route {
        &self.regions[usize::from(place.region)].cells[usize::from(place.cell)]
    }

    /// The place of a cell.
    #[must_use]
    pub fn place_of(&self, cell: CellId) -> Option<Place> {
        self.places.get(&cell).copied()
    }

    /// All places.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        (0_u8..).zip(&self.regions).flat_map(|(region, routes)| {
            (0..routes.cells.len() as u8).map(move |cell| Place { region, cell })
        })
    }

    /// Which cells get work, given how each of them fares. Where fewer than `panic_percent` of a
    /// region's open cells are up, ejected ones count as up: they may be better than nothing.
    #[must_use]
    pub fn usable(&self, standing: impl Fn(CellId) -> Standing, panic_percent: u64) -> Usable {
        let mut usable = Usable {
            up: [0; REGIONS_MAX],
            keep: [0; REGIONS_MAX],
            share: [[u8::MAX; CELLS_MAX]; REGIONS_MAX],
            stays: u8::MAX,
            spare: 0,
        };
        for (at, region) in self.regions.iter().enumerate() {
            let mut ejected = 0_u16;
            for (place, route) in region.cells.iter().enumerate() {
                match standing(route.id) {
                    Standing::Up { share } => {
                        usable.up[at] |= 1 << place;
                        usable.share[at][place] = share;
                    }
                    Standing::Ejected => ejected |= 1 << place,
                    Standing::NotReady => usable.keep[at] |= 1 << place,
                    Standing::Gone => {}
                }
            }
            let up = u64::from((usable.up[at] & region.open).count_ones());
            if up * 100 < u64::from(region.open.count_ones()) * panic_percent {
                usable.up[at] |= ejected;
            }
            usable.keep[at] |= usable.up[at];
        }
        if let Some(own) = self.regions.first() {
            (usable.stays, usable.spare) = own.spread(usable.up[0] & own.open);
        }
        usable
    }

    /// The cell for new work with this hash of its key, other than those tried already.
    #[must_use]
    pub fn choose(&self, usable: &Usable, key: u64, tried: &[Place]) -> Option<Place> {
        match self.ruled(usable, key, tried) {
            Ruled::To(place) => Some(place),
            Ruled::Nowhere => None,
            Ruled::ByTable => self.by_table(usable, key, tried),
        }
    }

    /// What an override says of work with this hash. An override leads to cells of weight 0 too: that is
    /// how a cell sees quarantined work and no other.
    fn ruled(&self, usable: &Usable, hash: u64, tried: &[Place]) -> Ruled {
        let Some((kind, place)) = self.override_of(bucket_of_hash(hash)) else {
            return Ruled::ByTable;
        };
        if usable.has(place) && !tried.contains(&place) && !self.at(place).draining {
            return Ruled::To(place);
        }
        if kind == OverrideKind::Quarantine { Ruled::Nowhere } else { Ruled::ByTable }
    }

    fn by_table(&self, usable: &Usable, key: u64, tried: &[Place]) -> Option<Place> {
        (0_u8..).zip(&self.regions).find_map(|(at, region)| {
            let up = usable.up[usize::from(at)] & region.open & !mask_of(tried, at);
            let share = &usable.share[usize::from(at)];
            // Neither the bits that chose the bucket nor those of the lot.
            let stays = (key >> 8) as u8 <= usable.stays;
            let spare = if at == 0 { up & usable.spare } else { 0 };
            let near = if stays { up & region.own_zone } else { spare };
            let cell = region.first(near, share, key);
            let cell = cell.or_else(|| region.first(up, share, key))?;
            Some(Place { region: at, cell })
        })
    }

    /// The new home of work that lost its cell.
    #[must_use]
    pub fn rehome(&self, usable: &Usable, work: u64, tried: &[Place]) -> Option<Place> {
        (0_u8..).zip(&self.regions).find_map(|(at, region)| {
            let up = usable.up[usize::from(at)] & region.open & !mask_of(tried, at);
            let cells = (0_u8..).zip(&region.cells).filter(|&(cell, _)| up & 1 << cell != 0);
            let score =
                |route: &Route| xxh3_64_with_seed(&work.to_le_bytes(), u64::from(route.id.0));
            let best = cells.max_by_key(|(_, route)| (score(route), route.id));
            best.map(|(cell, _)| Place { region: at, cell })
        })
    }

    /// A cell for new work that the one at a place has no room for: of another zone of that region, and
    /// one that `takes_all` it is sent. None for work that an override leads.
    #[must_use]
    pub fn elsewhere(
        &self,
        usable: &Usable,
        key: u64,
        from: Place,
        takes_all: impl Fn(CellId) -> bool,
    ) -> Option<Place> {
        if !matches!(self.ruled(usable, key, &[]), Ruled::ByTable) {
            return None;
        }
        let at = usize::from(from.region);
        let region = self.regions.get(at)?;
        let here = 1_u16 << from.cell;
        let beside = region.zones.iter().filter(|&&zone| zone & here != 0);
        let beside = beside.fold(here, |mask, zone| mask | zone);
        let cells = (0..).zip(&region.cells).filter(|(_, route)| takes_all(route.id));
        let taking = cells.fold(0_u16, |mask, (cell, _)| mask | 1 << cell);
        let mask = usable.up[at] & region.open & taking & !beside;
        let cell = region.first(mask, &usable.share[at], key)?;
        Some(Place { region: from.region, cell })
    }

    fn override_of(&self, bucket: u16) -> Option<(OverrideKind, Place)> {
        let after = self.overrides.partition_point(|&(first, ..)| first <= bucket);
        let &(_, last, kind, place) = self.overrides.get(after.checked_sub(1)?)?;
        (bucket <= last).then_some((kind, place))
    }
}

impl Usable {
    /// Whether a cell gets work.
    #[must_use]
    pub fn has(&self, place: Place) -> bool {
        self.up[usize::from(place.region)] & 1 << place.cell != 0
    }

    /// Whether a cell answers for the work it has.
    #[must_use]
    pub fn keeps(&self, place: Place) -> bool {
        self.keep[usize::from(place.region)] & 1 << place.cell != 0
    }

    /// Whether any cell gets work.
    #[must_use]
    pub fn any(&self) -> bool {
        self.up.iter().any(|&up| up != 0)
    }
}

impl RegionRoutes {
    /// How much of new work stays in the own zone while these cells are up, of 255, and the cells of
    /// zones that carry more than comes in there.
    fn spread(&self, up: u16) -> (u8, u16) {
        let weight = |mask: u16| -> u64 {
            let cells = self.table.cells().iter().enumerate();
            let in_mask = cells.filter(|&(place, _)| mask & 1 << place != 0);
            in_mask.map(|(_, &(_, weight))| u64::from(weight)).sum()
        };
        let all = weight(up);
        let part = |zone: u16| weight(up & zone) * self.zones.len() as u64;
        let most = u64::from(u8::MAX);
        let stays = (part(self.own_zone) * most).checked_div(all).unwrap_or(0).min(most) as u8;
        let spare = self.zones.iter().filter(|&&zone| part(zone) > all);
        (stays, spare.fold(0, |mask, zone| mask | zone))
    }

    /// The first ranked cell of a mask. A cell in slow start passes on what is beyond its share.
    fn first(&self, mask: u16, share: &[u8; CELLS_MAX], key: u64) -> Option<u8> {
        if mask == 0 {
            return None;
        }
        let ranked = self.table.ranked(bucket_of_hash(key));
        let mut usable = ranked.iter().copied().filter(|&cell| mask & 1 << cell != 0);
        // Not the bits that chose the bucket.
        let lot = key as u8;
        let first = usable.next()?;
        let takes = |cell: u8| share[usize::from(cell) % CELLS_MAX] >= lot;
        if takes(first) { Some(first) } else { usable.find(|&cell| takes(cell)).or(Some(first)) }
    }
}

fn region_routes(region: &Region, table: &RegionTable, zone: &str) -> RegionRoutes {
    let site = |id: CellId| region.cells.iter().find(|cell| cell.id == id);
    let ranked = table.cells().iter().filter_map(|&(id, _)| site(id));
    let idle = region.cells.iter().filter(|cell| cell.weight == 0);
    let sites: Vec<&CellSite> = ranked.chain(idle).take(CELLS_MAX).collect();
    let mask = |takes: &dyn Fn(&CellSite) -> bool| {
        (0..)
            .zip(&sites)
            .filter(|(_, site)| takes(site))
            .fold(0_u16, |mask, (at, _)| mask | 1 << at)
    };
    RegionRoutes {
        own_zone: mask(&|site| site.zone == zone),
        open: mask(&|site| !site.draining && site.weight > 0),
        zones: region.zones.iter().map(|zone| mask(&|site| site.zone == *zone)).collect(),
        table: table.clone(),
        cells: sites
            .iter()
            .map(|site| Route { id: site.id, address: site.address, draining: site.draining })
            .collect(),
    }
}

fn mask_of(tried: &[Place], region: u8) -> u16 {
    tried
        .iter()
        .filter(|place| place.region == region)
        .fold(0, |mask, place| mask | 1 << place.cell)
}

#[cfg(test)]
mod tests;
