//! Facts about airports that connecting needs: position, country, clock, and who shares a city.

use connections::{AirportFacts, CityGroup, Clock, Ground, Position};
use domain::{AirportCode, CityCode, Date};
use runtime::FixedMap;

use super::sites::Sites;

/// Days for which clocks are sampled: 2024 to the end of 2035. Later days keep the last offset.
const CLOCK_DAYS: std::ops::Range<Date> = Date::from_days(19_723)..Date::from_days(24_106);
/// Least minutes for a change between two airports of a city.
const AIRPORT_CHANGE_MIN: u16 = 210;

/// The ground under all sites.
#[must_use]
pub fn of(sites: &Sites) -> Ground {
    let mut clocks: FixedMap<atlas::ZoneId, Clock> = FixedMap::default();
    let mut cities: FixedMap<CityCode, Vec<AirportCode>> = FixedMap::default();
    let mut airports = Vec::with_capacity(sites.all().len());
    for site in sites.all() {
        let clock = clocks.entry(site.zone).or_insert_with(|| {
            Clock::sample(CLOCK_DAYS, |local| atlas::atlas().utc_minutes(site.code, local))
        });
        airports.push(AirportFacts {
            code: site.code,
            country: Some(site.country),
            position: Some(Position { latitude: site.latitude, longitude: site.longitude }),
            clock: clock.clone(),
            // Large airports take longer to walk through.
            connect_domestic_min: Some(if site.weight > 0.2 { 50 } else { 35 }),
            connect_international_min: Some(if site.weight > 0.2 { 70 } else { 60 }),
        });
        cities.entry(site.city).or_default().push(site.code);
    }
    let mut cities: Vec<(CityCode, Vec<AirportCode>)> =
        cities.into_iter().filter(|(_, airports)| airports.len() > 1).collect();
    cities.sort_by_key(|(city, _)| *city);
    let group = |(_, airports)| CityGroup { airports, transfer_min: AIRPORT_CHANGE_MIN };
    Ground { airports, cities: cities.into_iter().map(group).collect() }
}
