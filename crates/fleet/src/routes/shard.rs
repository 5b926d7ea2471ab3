//! Shuffle sharding: which few cells may see the work of one tenant.
//!
//! ```text
//! hash of its API key ─ rendezvous ─▶ k cells of the own region ─ fewer are there? ─▶ of the next regions
//! ```
//!
//! So whoever's work makes cells fail can make k of them fail and no more, and two tenants seldom have the
//! same k. That holds only if the choice does not look at how cells fare: it is made among cells that
//! the topology gives new work, or a tenant that has ruined its cells would be handed the next ones. With
//! one exception that a tenant alone cannot bring about: where a region with more cells than a shard has
//! has none that gets work, the shard is taken from the next region.
//!
//! The cells are of as many zones as can be, so that no zone takes a whole shard with it. Adding a cell
//! changes one cell of a shard at most. Within a shard work is spread as it is within a region: by the
//! table, by zone, by slow start.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{Place, RegionRoutes, Routes, Ruled, Usable};
use crate::topology::REGIONS_MAX;

/// Whoever stands behind an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Hash of the key.
    pub hash: u64,
    /// Cells that may see its work; 0: all.
    pub cells: usize,
}

impl Routes {
    /// The cell for new work of a tenant, other than those tried already. The override of the tenant
    /// counts, not that of the routing key: it is tenants that are pinned and quarantined, and chance
    /// would lead each of them to every override.
    #[must_use]
    pub fn choose_for(
        &self,
        usable: &Usable,
        tenant: Tenant,
        key: u64,
        tried: &[Place],
    ) -> Option<Place> {
        match self.ruled(usable, tenant.hash, tried) {
            Ruled::To(place) => Some(place),
            Ruled::Nowhere => None,
            Ruled::ByTable => self.by_table(&self.narrowed(usable, tenant), key, tried),
        }
    }

    /// The new home of work that lost its cell, if its owner is known: a tenant, or the hash of a
    /// routing key. Who is quarantined stays so.
    #[must_use]
    pub fn rehome_for(
        &self,
        usable: &Usable,
        (tenant, key): (Option<Tenant>, Option<u64>),
        work: u64,
        tried: &[Place],
    ) -> Option<Place> {
        let owner = tenant.map(|tenant| tenant.hash).or(key);
        match owner.map(|owner| self.ruled(usable, owner, tried)) {
            Some(Ruled::To(place)) => return Some(place),
            Some(Ruled::Nowhere) => return None,
            Some(Ruled::ByTable) | None => {}
        }
        match tenant {
            Some(tenant) => self.rehome(&self.narrowed(usable, tenant), work, tried),
            None => self.rehome(usable, work, tried),
        }
    }

    /// The places that may see a tenant's new work.
    pub fn shard(&self, usable: &Usable, tenant: Tenant) -> impl Iterator<Item = Place> {
        let shard = self.masks(usable, tenant);
        self.places().filter(move |place| shard[usize::from(place.region)] & 1 << place.cell != 0)
    }

    /// Of the usable cells those that may see a tenant's work. All answer for what they have.
    fn narrowed(&self, usable: &Usable, tenant: Tenant) -> Usable {
        if tenant.cells == 0 {
            return usable.clone();
        }
        let mut narrowed = usable.clone();
        let shard = self.masks(usable, tenant);
        for (up, shard) in narrowed.up.iter_mut().zip(shard) {
            *up &= shard;
        }
        if let Some(own) = self.regions.first() {
            (narrowed.stays, narrowed.spare) = own.spread(narrowed.up[0] & own.open);
        }
        narrowed
    }

    /// The shard, region by region.
    fn masks(&self, usable: &Usable, tenant: Tenant) -> [u16; REGIONS_MAX] {
        let mut shard = [0; REGIONS_MAX];
        let mut wanted = if tenant.cells == 0 { usize::MAX } else { tenant.cells };
        for (at, region) in self.regions.iter().enumerate() {
            shard[at] = region.pick(tenant.hash, wanted);
            let many = region.open.count_ones() as usize > tenant.cells;
            let lost = many && usable.up[at] & region.open == 0;
            if !lost {
                wanted -= shard[at].count_ones() as usize;
            }
        }
        shard
    }
}

impl RegionRoutes {
    /// So many cells by rendezvous, of as many zones as can be.
    fn pick(&self, tenant: u64, most: usize) -> u16 {
        if self.open.count_ones() as usize <= most {
            return self.open;
        }
        let score = |cell: usize| {
            let id = self.cells[cell].id;
            (xxh3_64_with_seed(&tenant.to_le_bytes(), u64::from(id.0)), id)
        };
        let mut left: Vec<_> = (0..self.cells.len())
            .filter(|&cell| self.open & 1 << cell != 0)
            .map(|cell| (score(cell), cell))
            .collect();
        left.sort_unstable_by(|one, other| other.cmp(one));
        let mut picked = 0_u16;
        for _ in 0..most {
            let beside = |cell: usize| {
                let zone = self.zones.iter().find(|&&zone| zone & 1 << cell != 0);
                zone.map_or(0, |zone| (zone & picked).count_ones())
            };
            // The first of those with the fewest beside them.
            let Some(at) = (0..left.len()).min_by_key(|&at| beside(left[at].1)) else { break };
            picked |= 1 << left.remove(at).1;
        }
        picked
    }
}

#[cfg(test)]
mod tests;
