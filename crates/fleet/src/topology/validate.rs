//! What a topology must hold to be used.

use std::collections::BTreeSet;

use super::{
    CELLS_MAX, LOAD_MAX, NAME_BYTES_MAX, OVERRIDES_MAX, REGIONS_MAX, Region, Topology,
    TopologyError, WEIGHT_MAX,
};

impl Topology {
    /// Checks everything that can be checked without the table.
    ///
    /// # Errors
    /// [`TopologyError`], naming the field.
    pub fn validate(&self) -> Result<(), TopologyError> {
        number("version", self.version, 1, i64::MAX as u64)?;
        count("regions", self.regions.len(), REGIONS_MAX)?;
        let mut seen = Seen::default();
        for (index, region) in self.regions.iter().enumerate() {
            check_region(&format!("regions[{index}]"), region, &mut seen)?;
        }
        self.check_overrides()
    }

    fn check_overrides(&self) -> Result<(), TopologyError> {
        if self.overrides.len() > OVERRIDES_MAX {
            count("overrides", self.overrides.len(), OVERRIDES_MAX)?;
        }
        for (index, entry) in self.overrides.iter().enumerate() {
            let field = format!("overrides[{index}]");
            let (first, last) = (u64::from(entry.first), u64::from(entry.last));
            number(&format!("{field}.last"), last, first, u64::from(u16::MAX))?;
            if self.cell(entry.cell).is_none() {
                let (field, value) = (format!("{field}.cell"), entry.cell.to_string());
                return Err(TopologyError::Unknown { field, value });
            }
            for other in &self.overrides[..index] {
                let bucket = entry.first.max(other.first);
                if bucket <= entry.last.min(other.last) {
                    return Err(TopologyError::Overlap { field, bucket });
                }
            }
        }
        Ok(())
    }
}

/// What must not stand twice in the fleet.
#[derive(Default)]
struct Seen<'a> {
    regions: BTreeSet<&'a str>,
    cells: BTreeSet<String>,
}

fn check_region<'a>(
    field: &str,
    region: &'a Region,
    seen: &mut Seen<'a>,
) -> Result<(), TopologyError> {
    name(&format!("{field}.name"), &region.name)?;
    if !seen.regions.insert(&region.name) {
        return Err(twice(format!("{field}.name"), &region.name));
    }
    number(&format!("{field}.peak"), u64::from(region.peak), 0, u64::from(LOAD_MAX))?;
    count(&format!("{field}.zones"), region.zones.len(), CELLS_MAX)?;
    let mut zones = BTreeSet::new();
    for (index, zone) in region.zones.iter().enumerate() {
        name(&format!("{field}.zones[{index}]"), zone)?;
        if !zones.insert(zone) {
            return Err(twice(format!("{field}.zones[{index}]"), zone));
        }
    }
    count(&format!("{field}.cells"), region.cells.len(), CELLS_MAX)?;
    for (index, cell) in region.cells.iter().enumerate() {
        let field = format!("{field}.cells[{index}]");
        number(&format!("{field}.id"), u64::from(cell.id.0), 1, u64::from(u32::MAX))?;
        number(&format!("{field}.weight"), u64::from(cell.weight), 0, u64::from(WEIGHT_MAX))?;
        let tested_max = u64::from(cell.tested_max);
        number(&format!("{field}.tested_max"), tested_max, 1, u64::from(LOAD_MAX))?;
        name(&format!("{field}.version"), &cell.version)?;
        if !zones.contains(&cell.zone) {
            let (field, value) = (format!("{field}.zone"), format!("zone {:?}", cell.zone));
            return Err(TopologyError::Unknown { field, value });
        }
        for (part, value) in [("id", cell.id.to_string()), ("address", cell.address.to_string())] {
            if !seen.cells.insert(value.clone()) {
                return Err(twice(format!("{field}.{part}"), &value));
            }
        }
    }
    if region.cells.iter().all(|cell| cell.weight == 0) {
        let (field, region) = (format!("{field}.cells"), region.name.clone());
        return Err(TopologyError::EmptyRegion { field, region });
    }
    Ok(())
}

fn number(field: &str, value: u64, min: u64, max: u64) -> Result<(), TopologyError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(TopologyError::Number { field: field.to_owned(), value, min, max })
}

fn count(field: &str, count: usize, max: usize) -> Result<(), TopologyError> {
    if (1..=max).contains(&count) {
        return Ok(());
    }
    Err(TopologyError::Count { field: field.to_owned(), count, max })
}

fn name(field: &str, name: &str) -> Result<(), TopologyError> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(letter) {
        return Ok(());
    }
    Err(TopologyError::Name { field: field.to_owned(), name: name.to_owned() })
}

fn twice(field: String, value: &str) -> TopologyError {
    TopologyError::Twice { field, value: value.to_owned() }
}
