//! Writes the answer of an indicative search.
//!
//! Amounts are whole units of the asked currency, rounded half-up. A quote's id says when it was
//! seen, whether it is direct, where it goes, on which day, who sells it and who flies.

use std::collections::{BTreeMap, BTreeSet};

use atlas::{Atlas, PlaceRef};
use domain::{AirportCode, CarrierCode, CurrencyCode, Date};
use prices::indicative::{DateGroup, Quote, QuotePair};

use super::Found;
use super::read::{Grouping, Query};
use crate::json::Json;
use crate::v3::places::{self, Top};
use crate::v3::{ids, maps, option};

/// The cheapest direct quote, and the indirect one only if it is cheaper.
pub(super) fn pair(indirect: Option<Quote>, direct: Option<Quote>) -> QuotePair {
    let limit = direct.map_or(i64::MAX, |quote| quote.eur_micro);
    QuotePair { indirect: indirect.filter(|quote| quote.eur_micro < limit), direct }
}

/// Renders the whole answer.
pub(super) fn answer(query: &Query, found: &Found, atlas: &Atlas) -> Vec<u8> {
    let dates = found.dates.outbound.iter().chain(&found.dates.inbound);
    let pairs =
        found.routes.iter().map(|group| &group.quotes).chain(dates.map(|group| &group.quotes));
    let mut quotes: BTreeMap<String, Quote> = BTreeMap::new();
    for quote in pairs.flat_map(QuotePair::iter) {
        // A quote whose price cannot be shown in the asked currency is not shown.
        if whole(quote, query.currency, atlas).is_some() {
            quotes.insert(quote_id(quote), *quote);
        }
    }
    let mut json = Json::with_capacity(2_048 + quotes.len() * 768);
    json.object(|json| {
        json.key("status").plain(b"RESULT_STATUS_COMPLETE");
        json.key("content").object(|json| {
            json.key("results").object(|json| results(json, query, found, (&quotes, atlas)));
            json.key("groupingOptions").object(|json| groupings(json, query, found, &quotes));
        });
    });
    json.into_bytes()
}

fn results(
    json: &mut Json,
    query: &Query,
    found: &Found,
    (quotes, atlas): (&BTreeMap<String, Quote>, &Atlas),
) {
    json.key("quotes").object(|json| {
        for (id, quote) in quotes {
            json.key_text(id).object(|json| write_quote(json, quote, query.currency, atlas));
        }
    });
    let carriers: BTreeSet<CarrierCode> = quotes
        .values()
        .flat_map(|quote| [Some(quote.out_carrier), quote.back_carrier])
        .flatten()
        .collect();
    let by_id: BTreeMap<String, CarrierCode> = carriers
        .into_iter()
        .map(|carrier| (ids::carrier_id(atlas, carrier).to_string(), carrier))
        .collect();
    json.key("carriers").object(|json| {
        for (id, carrier) in by_id {
            let known = atlas.carrier(carrier);
            json.key_text(&id).object(|json| {
                json.key("name").text(known.map_or(&*carrier.to_string(), |known| known.name));
                json.key("imageUrl").plain(b"");
                json.key("iata").plain(&carrier.to_bytes());
                json.key("icao").text(known.map_or("", |known| known.icao));
                json.key("displayCode").plain(&carrier.to_bytes());
            });
        }
    });
    let mut entries = BTreeMap::new();
    let language = query.locale.as_str();
    let mut add = |place: Option<PlaceRef<'_>>| {
        if let Some(place) = place {
            places::collect_up(&mut entries, atlas, place, (Top::Continent, language));
        }
    };
    for quote in quotes.values() {
        add(atlas.airport(quote.origin).map(PlaceRef::Airport));
        add(atlas.airport(quote.destination).map(PlaceRef::Airport));
    }
    for group in &found.routes {
        add(atlas.place_by_entity(group.origin));
        add(atlas.place_by_entity(group.destination));
    }
    json.key("places").object(|json| places::write_map(json, &entries, true));
}

fn groupings(json: &mut Json, query: &Query, found: &Found, quotes: &BTreeMap<String, Quote>) {
    let quote_ids = |json: &mut Json, pair: &QuotePair| {
        json.key("quoteIds").list(|json| {
            for id in pair.iter().map(quote_id).filter(|id| quotes.contains_key(id)) {
                json.text(&id);
            }
        });
    };
    json.key("byRoute").object(|json| {
        json.key("quotesGroups").list(|json| {
            for group in &found.routes {
                json.object(|json| {
                    json.key("originPlaceId").number_text(i64::from(group.origin));
                    json.key("destinationPlaceId").number_text(i64::from(group.destination));
                    quote_ids(json, &group.quotes);
                });
            }
        });
    });
    let dates = |json: &mut Json, groups: &[DateGroup]| {
        json.list(|json| {
            for group in groups {
                json.object(|json| {
                    let (year, month, day) = group.date.ymd();
                    let day = if query.grouping == Grouping::Month { 0 } else { day };
                    json.key("monthYearDate").object(|json| {
                        json.key("year").number(year).key("month").number(month);
                        json.key("day").number(day);
                    });
                    quote_ids(json, &group.quotes);
                });
            }
        });
    };
    json.key("byDate").object(|json| {
        dates(json.key("quotesInboundGroups"), &found.dates.inbound);
        dates(json.key("quotesOutboundGroups"), &found.dates.outbound);
    });
}

fn write_quote(json: &mut Json, quote: &Quote, currency: CurrencyCode, atlas: &Atlas) {
    let amount = whole(quote, currency, atlas);
    option::price_in(json.key("minPrice"), amount, b"PRICE_UNIT_WHOLE");
    json.key("isDirect").truth(quote.direct);
    let out = Leg {
        ends: Some((quote.origin, quote.destination)),
        day: Some(quote.departs),
        carrier: Some(quote.out_carrier),
        seen_s: minutes(quote) * 60,
    };
    write_leg(json.key("outboundLeg"), &out, atlas);
    let back = match (quote.returns, quote.back_carrier) {
        (Some(day), carrier) => Leg {
            ends: Some((quote.destination, quote.origin)),
            day: Some(day),
            carrier,
            seen_s: out.seen_s,
        },
        (None, _) => Leg { ends: None, day: None, carrier: None, seen_s: 0 },
    };
    write_leg(json.key("inboundLeg"), &back, atlas);
}

struct Leg {
    ends: Option<(AirportCode, AirportCode)>,
    day: Option<Date>,
    carrier: Option<CarrierCode>,
    seen_s: i64,
}

fn write_leg(json: &mut Json, leg: &Leg, atlas: &Atlas) {
    let id = |json: &mut Json, id: Option<i64>| {
        match id {
            Some(id) => json.number_text(id),
            None => json.plain(b""),
        };
    };
    json.object(|json| {
        let entity = |airport| i64::from(ids::entity_id(atlas, airport));
        id(json.key("originPlaceId"), leg.ends.map(|(from, _)| entity(from)));
        id(json.key("destinationPlaceId"), leg.ends.map(|(_, to)| entity(to)));
        match leg.day {
            Some(day) => maps::date_time(json.key("departureDateTime"), day.at_minute(0)),
            None => maps::no_time(json.key("departureDateTime")),
        }
        json.key("quoteCreationTimestamp").number_text(leg.seen_s);
        let carrier = leg.carrier.map(|carrier| i64::from(ids::carrier_id(atlas, carrier)));
        id(json.key("marketingCarrierId"), carrier);
    });
}

/// The price in whole units of a currency, half-up; `None` without an exchange rate.
fn whole(quote: &Quote, currency: CurrencyCode, atlas: &Atlas) -> Option<i64> {
    let minor = atlas.rates().convert(quote.price, currency)?.minor;
    let decimals = atlas.currency(currency)?.decimals;
    let unit = 10_i64.checked_pow(u32::from(decimals))?;
    Some(minor.checked_add(unit / 2)?.div_euclid(unit))
}

/// When it was seen, whole minutes since 1970.
fn minutes(quote: &Quote) -> i64 {
    quote.seen_ms.div_euclid(60_000)
}

/// `{bl}:202705021025*I*VIE*BUD*20270518*skyp*W4`, of a return trip with the way back behind `|`.
fn quote_id(quote: &Quote) -> String {
    let seen = Date::from_days((minutes(quote).div_euclid(1_440)) as i32);
    let clock = minutes(quote).rem_euclid(1_440);
    let kind = if quote.direct { 'D' } else { 'I' };
    let leg = |from: AirportCode, to: AirportCode, day: Date, carrier: CarrierCode| {
        let (year, month, date) = seen.ymd();
        let (leg_year, leg_month, leg_day) = day.ymd();
        format!(
            "{year:04}{month:02}{date:02}{:02}{:02}*{kind}*{from}*{to}*{leg_year:04}{leg_month:02}{leg_day:02}*{}*{carrier}",
            clock / 60,
            clock % 60,
            quote.agent,
        )
    };
    let mut id = String::from("{bl}:");
    id.push_str(&leg(quote.origin, quote.destination, quote.departs, quote.out_carrier));
    if let (Some(day), Some(carrier)) = (quote.returns, quote.back_carrier) {
        id.push('|');
        id.push_str(&leg(quote.destination, quote.origin, day, carrier));
    }
    id
}

#[cfg(test)]
mod tests;
