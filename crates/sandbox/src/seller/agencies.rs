//! Agencies as partners: where they sell, what they add, what they leave out.

use domain::{AgentId, CountryCode, PartnerId};

use super::airlines::{currency_of, offers_max, protocol};
use super::{Manners, Seller, Trade};
use crate::noise;
use crate::world::World;

/// Agencies that are partners.
pub const AGENCIES: usize = 900;

/// Agencies that sell everywhere, of a hundred.
const EVERYWHERE_PERCENT: u64 = 1;
/// Agencies that sell on one continent, of a hundred.
const CONTINENT_PERCENT: u64 = 3;
/// One in so many agencies of the own protocol joins two tickets into one journey.
const JOINS_ONE_IN: u64 = 12;
/// One in so many agencies sells only between large airports.
const LARGE_ONLY_ONE_IN: u64 = 9;
/// How many airports count as large.
const LARGE: usize = 450;

/// Markets that are sold together. Every agency has its home in one row; rows are as likely as
/// their number of travellers suggests, first the weight, then the countries.
const REGIONS: [(u64, &str); 25] = [
    (4, "GB IE"),
    (5, "DE AT CH"),
    (5, "FR BE NL LU MC"),
    (4, "ES PT AD"),
    (4, "IT GR MT CY"),
    (4, "SE NO DK FI IS"),
    (4, "PL CZ SK HU RO BG"),
    (3, "EE LV LT UA MD BY"),
    (3, "HR SI RS BA AL MK ME XK"),
    (5, "US"),
    (4, "CA"),
    (4, "MX GT CR PA SV HN NI"),
    (4, "BR"),
    (4, "CL AR PE CO EC UY BO PY VE"),
    (4, "TR GE AM AZ"),
    (3, "RU KZ UZ KG TJ TM MN"),
    (4, "AE SA QA KW BH OM"),
    (3, "IL JO LB EG IQ CY"),
    (3, "MA TN DZ SN CI GH NG"),
    (3, "ZA NA BW KE TZ UG RW ET"),
    (5, "IN LK BD NP PK"),
    (5, "CN HK TW MO"),
    (5, "JP KR"),
    (5, "SG MY TH ID PH VN KH"),
    (4, "AU NZ FJ PG"),
];

const FIRST_NAMES: [&str; 30] = [
    "Amber",
    "Blue Harbour",
    "Cedar",
    "Compass",
    "Coral",
    "Crosswind",
    "Driftwood",
    "Eastgate",
    "Fernhill",
    "Goldfinch",
    "Heron",
    "Indigo Bay",
    "Juniper",
    "Kestrel",
    "Lantern",
    "Maple",
    "Meridian",
    "Northlight",
    "Orchard",
    "Pelican",
    "Quayside",
    "Redwood",
    "Saffron",
    "Silverlake",
    "Tamarind",
    "Tern",
    "Umbra",
    "Violet",
    "Westerly",
    "Zephyr",
];
const LAST_NAMES: [&str; 30] = [
    "Travel", "Trips", "Journeys", "Flights", "Tickets", "Voyages", "Tours", "Fares", "Holidays",
    "Air", "Away", "Bookings", "Compass", "Deals", "Direct", "Escapes", "Explorer", "Fly", "Globe",
    "Go", "Line", "Market", "Miles", "Nomad", "Passage", "Planet", "Routes", "Sky", "Wings",
    "World",
];

/// The agencies of a world.
#[must_use]
pub fn generate(seed: u64, world: &World) -> Vec<Seller> {
    (0..AGENCIES).filter_map(|index| seller(seed, world, index)).collect()
}

fn seller(seed: u64, world: &World, index: usize) -> Option<Seller> {
    let draw = noise::draw(seed, &[0xA9, index as u64]);
    let of = |salt| noise::join(draw, salt);
    let id = format!("ag{:04}", index + 1);
    let (market, markets) = markets(draw);
    let (currency, decimals, minor_per_dollar) = currency_of(market)?;
    let protocol = protocol(of(1));
    let joins_tickets =
        protocol == partners::ProtocolKind::Fareway && noise::below(of(5), JOINS_ONE_IN) == 0;
    let airports = (noise::below(of(6), LARGE_ONLY_ONE_IN) == 0).then(|| {
        let large = world.sites.all().iter().take(LARGE);
        let mut airports: Vec<_> = large.map(|site| site.code).collect();
        airports.sort_unstable();
        airports
    });
    Some(Seller {
        id: PartnerId::from_bytes(id.as_bytes()).ok()?,
        agent: AgentId::from_bytes(id.as_bytes()).ok()?,
        name: format!("{} {}", FIRST_NAMES[index % 30], LAST_NAMES[(index / 30 + index) % 30]),
        trade: Trade::Agency { joins_tickets },
        protocol,
        currency,
        decimals,
        minor_per_dollar,
        round_to: round_to(decimals, of(7)),
        market,
        markets,
        airports,
        mark_up: 1.0 + 0.018 * noise::bell(of(2)) + 0.004,
        fee: if noise::below(of(8), 3) == 0 { noise::between(of(9), 1.5, 9.0) } else { 0.0 },
        brands: 1 + noise::below(of(10), 3) as usize,
        offers_max: offers_max(protocol, of(3)),
        gaps_percent: noise::below(of(4), 22),
        draw,
        manners: Manners::drawn(draw, false),
    })
}

/// The home market, and all markets it sells in.
fn markets(draw: u64) -> (CountryCode, Option<Vec<CountryCode>>) {
    const FALLBACK: CountryCode = CountryCode::literal("GB");
    let whole: u64 = REGIONS.iter().map(|(weight, _)| weight).sum();
    let mut point = noise::below(noise::join(draw, 0x40), whole);
    let mut countries: Vec<CountryCode> = Vec::new();
    for (weight, row) in REGIONS {
        if point < weight {
            countries = row.split(' ').filter_map(|code| code.parse().ok()).collect();
            break;
        }
        point -= weight;
    }
    // The first country of a row is its largest market.
    let lot = noise::below(noise::join(draw, 0x41), countries.len().max(1) as u64 * 2) as usize;
    let home = countries.get(lot).or(countries.first()).copied().unwrap_or(FALLBACK);
    let reach = noise::below(noise::join(draw, 0x42), 100);
    let mut markets = match reach {
        reach if reach < EVERYWHERE_PERCENT => return (home, None),
        reach if reach < EVERYWHERE_PERCENT + CONTINENT_PERCENT => continent_of(home),
        // Most sell in their whole region, some only at home.
        reach if reach < 45 => countries,
        _ => vec![home],
    };
    markets.sort_unstable();
    markets.dedup();
    (home, Some(markets))
}

fn continent_of(country: CountryCode) -> Vec<CountryCode> {
    let atlas = atlas::atlas();
    let Some(home) = atlas.country(country) else { return vec![country] };
    let same = atlas.countries().iter().filter(|other| other.continent == home.continent);
    same.map(|other| other.code).collect()
}

/// Some agencies quote whole units only.
fn round_to(decimals: u8, draw: u64) -> i64 {
    let whole = 10_i64.pow(u32::from(decimals));
    if noise::below(draw, 4) == 0 { whole } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_agencies_sell_in_their_region_and_a_few_everywhere() {
        let all: Vec<_> = (0..AGENCIES as u64).map(|n| markets(noise::mix(n))).collect();
        let everywhere = all.iter().filter(|(_, markets)| markets.is_none()).count();
        assert!((2..25).contains(&everywhere), "{everywhere}");
        let britain = CountryCode::literal("GB");
        let sells = |markets: &Option<Vec<CountryCode>>| {
            markets.as_ref().is_none_or(|list| list.binary_search(&britain).is_ok())
        };
        let selling = all.iter().filter(|(_, markets)| sells(markets)).count();
        assert!((30..100).contains(&selling), "{selling}");
        assert!(all.iter().all(|(home, markets)| {
            markets.as_ref().is_none_or(|list| list.binary_search(home).is_ok())
        }));
    }

    #[test]
    fn no_two_agencies_share_a_name() {
        let names: std::collections::BTreeSet<(usize, usize)> =
            (0..AGENCIES).map(|index| (index % 30, (index / 30 + index) % 30)).collect();
        assert_eq!(names.len(), AGENCIES);
    }
}
