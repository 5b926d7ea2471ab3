//! Carriers as partners: the largest of the world's carriers that have an agent id.

use domain::{AirportCode, CountryCode, CurrencyCode, PartnerId};
use partners::ProtocolKind;
use runtime::FixedSet;

use super::{Manners, Seller, Trade};
use crate::noise;
use crate::world::{Kind, Line, World};

/// Carriers that are partners.
pub const AIRLINES_MAX: usize = 300;

/// Markets of the smallest and the largest carrier.
const MARKETS_MIN: usize = 3;
const MARKETS_MAX: usize = 7;

/// The airline partners of a world, largest first.
#[must_use]
pub fn generate(seed: u64, world: &World) -> Vec<Seller> {
    let mut order: Vec<(u16, &Line)> =
        world.lines.iter().enumerate().map(|(index, line)| (index as u16, line)).collect();
    order.sort_by_key(|(_, line)| (std::cmp::Reverse(line.departures), line.code));
    let mut taken = FixedSet::default();
    let mut sellers = Vec::with_capacity(AIRLINES_MAX);
    for (index, line) in order {
        if sellers.len() >= AIRLINES_MAX {
            break;
        }
        if let Some(seller) = seller(seed, world, index, line)
            && taken.insert(seller.id)
        {
            sellers.push(seller);
        }
    }
    sellers
}

fn seller(seed: u64, world: &World, index: u16, line: &Line) -> Option<Seller> {
    let carrier = atlas::atlas().carrier(line.code)?;
    let draw = noise::draw(seed, &[0xA1, u64::from(line.code.packed())]);
    let home = world.sites.at(*line.bases.first()?).country;
    let (currency, decimals, minor_per_dollar) = currency_of(home)?;
    let of = |salt| noise::join(draw, salt);
    let protocol = protocol(of(1));
    let id = PartnerId::from_bytes(carrier.agent.as_str().as_bytes()).ok()?;
    Some(Seller {
        id,
        agent: carrier.agent,
        name: carrier.name.to_owned(),
        trade: Trade::Airline { line: index },
        protocol,
        currency,
        decimals,
        minor_per_dollar,
        round_to: if decimals == 0 { 10 } else { 1 },
        market: home,
        markets: Some(markets(world, index, line, home)),
        airports: Some(airports(world, index)),
        mark_up: noise::between(of(2), 0.995, 1.015),
        fee: 0.0,
        brands: if line.kind == Kind::Regional { 2 } else { 3 },
        offers_max: offers_max(protocol, of(3)),
        gaps_percent: 0,
        draw,
        manners: Manners::drawn(draw, true),
    })
}

/// Markets a carrier sells in: at home, and in the countries it flies to most, as many as its size
/// lets it keep an office in.
fn markets(world: &World, index: u16, line: &Line, home: CountryCode) -> Vec<CountryCode> {
    let count = (line.departures as usize / 90).clamp(MARKETS_MIN, MARKETS_MAX);
    let flown = world.countries[usize::from(index)].iter().copied().take(count);
    let mut markets: Vec<CountryCode> = flown.chain([home]).collect();
    markets.sort_unstable();
    markets.dedup();
    markets
}

/// Airports a carrier sells: where it flies. What partners fly it sells between those.
fn airports(world: &World, index: u16) -> Vec<AirportCode> {
    let served = world.served[usize::from(index)].iter();
    let mut airports: Vec<AirportCode> = served.map(|&site| world.sites.at(site).code).collect();
    airports.sort_unstable();
    airports
}

/// A country's currency if it can be converted, else a world currency.
pub(super) fn currency_of(country: CountryCode) -> Option<(CurrencyCode, u8, f64)> {
    const DOLLAR: CurrencyCode = CurrencyCode::literal("USD");
    const EURO: CurrencyCode = CurrencyCode::literal("EUR");
    let atlas = atlas::atlas();
    let country = atlas.country(country);
    let european = country.is_none_or(|country| country.continent.as_str() == "EU");
    let fallback = if european { EURO } else { DOLLAR };
    let own = country.map_or(fallback, |country| country.currency);
    let code = if atlas.rates().knows(own) { own } else { fallback };
    let decimals = atlas.currency(code)?.decimals;
    // A dollar has a hundred cents; the rate is between minor units.
    let minor_per_dollar = 100.0 * atlas.rates().factor(DOLLAR, code)?;
    Some((code, decimals, minor_per_dollar))
}

/// Half of all partners speak Fareway's own protocol, a quarter each Duffel and Amadeus.
pub(super) fn protocol(draw: u64) -> ProtocolKind {
    match noise::below(draw, 4) {
        0 => ProtocolKind::Duffel,
        1 => ProtocolKind::Amadeus,
        _ => ProtocolKind::Fareway,
    }
}

/// Offers of one answer at most: verbose protocols give fewer.
pub(super) fn offers_max(protocol: ProtocolKind, draw: u64) -> usize {
    let (low, more) = match protocol {
        ProtocolKind::Fareway => (105, 45),
        ProtocolKind::Duffel => (40, 30),
        ProtocolKind::Amadeus => (45, 35),
    };
    low + noise::below(draw, more) as usize
}
