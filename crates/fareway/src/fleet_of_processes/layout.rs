//! Which region and zone each cell of this machine is in: one machine plays a fleet of several places.
//!
//! Regions get cells in a row, as evenly as it goes; within a region, zones get them in turn.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::settings::FleetSettings;

/// Where a cell is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) region: String,
    pub(crate) zone: String,
}

/// The places of all cells, in their order.
///
/// # Errors
/// If there are more regions than cells, or no cell in the zone of the front door.
pub(super) fn places(settings: &FleetSettings) -> Result<Vec<Place>> {
    let (cells, regions) = (settings.cells.size(), settings.regions.size());
    let zones = settings.zones.size();
    ensure!(
        regions <= cells.max(1),
        "fleet.regions = {regions}: each region needs a cell, and fleet.cells = {cells}"
    );
    let all = (0..regions).flat_map(|region| {
        let [first, end] = [region, region + 1].map(|at| at * cells / regions);
        (0..end - first).map(move |cell| Place {
            region: region_name(&settings.region, region),
            zone: zone_name(cell % zones),
        })
    });
    let all: Vec<Place> = all.collect();
    let zone = &settings.zone;
    let own = all.iter().filter(|place| place.region == settings.region);
    ensure!(
        zone.is_empty() || own.map(|place| &place.zone).any(|known| known == zone),
        "fleet.zone = {zone:?}: no cell of region {} is in such a zone",
        settings.region
    );
    Ok(all)
}

/// The first region has the name of this machine's; the others that and a number.
fn region_name(own: &str, number: usize) -> String {
    if number == 0 { own.to_owned() } else { format!("{own}-{}", number + 1) }
}

/// a, b, c …
fn zone_name(number: usize) -> String {
    char::from(b'a' + (number % 26) as u8).to_string()
}

#[cfg(test)]
mod tests {
    use runtime::Limited;

    use super::*;

    fn of(cells: u64, regions: u64, zones: u64) -> Result<Vec<String>> {
        let settings = FleetSettings {
            cells: Limited::new(cells).unwrap(),
            regions: Limited::new(regions).unwrap(),
            zones: Limited::new(zones).unwrap(),
            ..FleetSettings::default()
        };
        let all = places(&settings)?.into_iter();
        Ok(all.map(|place| format!("{}/{}", place.region, place.zone)).collect())
    }

    #[test]
    fn cells_are_spread_over_regions_in_a_row_and_over_zones_in_turn() {
        assert_eq!(of(3, 1, 1).unwrap(), ["local/a", "local/a", "local/a"]);
        assert_eq!(of(3, 1, 2).unwrap(), ["local/a", "local/b", "local/a"]);
        let five = ["local/a", "local/b", "local-2/a", "local-2/b", "local-2/c"];
        assert_eq!(of(5, 2, 3).unwrap(), five);
        assert_eq!(of(2, 2, 1).unwrap(), ["local/a", "local-2/a"]);
    }

    #[test]
    fn every_region_has_a_cell_or_the_settings_are_refused_by_name() {
        for cells in 1..=16 {
            for regions in 1..=8.min(cells) {
                let all = of(cells, regions, 3).unwrap();
                assert_eq!(all.len() as u64, cells);
                let mut names: Vec<&str> = all.iter().map(|one| &one[..one.len() - 2]).collect();
                names.dedup();
                assert_eq!(names.len() as u64, regions);
            }
        }
        let elsewhere = FleetSettings {
            cells: Limited::literal(2),
            zone: "b".to_owned(),
            ..FleetSettings::default()
        };
        assert!(places(&elsewhere).unwrap_err().to_string().contains("fleet.zone = \"b\""));
        let refused = of(2, 3, 1).unwrap_err().to_string();
        assert!(refused.contains("fleet.regions = 3") && refused.contains("fleet.cells = 2"));
    }
}
