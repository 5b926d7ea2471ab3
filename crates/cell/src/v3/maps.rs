//! The maps of a v3 content besides the itineraries: what ids stand for.
//!
//! Keys are sorted bytewise. Every id an itinerary, leg, segment or option uses has its entry.

use std::collections::{BTreeMap, BTreeSet};

use atlas::Atlas;
use domain::{AgentId, LocalTime};

use super::catalog::Catalog;
use super::content::{Content, Shown};
use super::{ids, places};
use crate::json::Json;

/// Writes the members of `legs`.
pub(super) fn legs(json: &mut Json, atlas: &Atlas, catalog: &Catalog) {
    for (id, leg) in &catalog.legs {
        let (Some(first), Some(last)) = (leg.flights.first(), leg.flights.last()) else { continue };
        json.key_text(id).object(|json| {
            json.key("originPlaceId").number_text(i64::from(ids::entity_id(atlas, first.origin)));
            let destination = ids::entity_id(atlas, last.destination);
            json.key("destinationPlaceId").number_text(i64::from(destination));
            date_time(json.key("departureDateTime"), first.departs);
            date_time(json.key("arrivalDateTime"), last.arrives);
            json.key("durationInMinutes").number(leg.minutes);
            json.key("stopCount").number(leg.flights.len() - 1);
            let marketing = leg.flights.iter().map(|flight| flight.carrier);
            carrier_ids(json.key("marketingCarrierIds"), atlas, ids::distinct_carriers(marketing));
            let operating = leg.flights.iter().map(|flight| flight.operating);
            carrier_ids(json.key("operatingCarrierIds"), atlas, ids::distinct_carriers(operating));
            json.key("segmentIds").list(|json| {
                for id in &leg.segment_ids {
                    json.text(id);
                }
            });
        });
    }
}

/// Writes the members of `segments`.
pub(super) fn segments(json: &mut Json, atlas: &Atlas, catalog: &Catalog) {
    for (id, entry) in &catalog.segments {
        let segment = &entry.segment;
        json.key_text(id).object(|json| {
            json.key("originPlaceId").number_text(i64::from(ids::entity_id(atlas, segment.origin)));
            let destination = ids::entity_id(atlas, segment.destination);
            json.key("destinationPlaceId").number_text(i64::from(destination));
            date_time(json.key("departureDateTime"), segment.departs);
            date_time(json.key("arrivalDateTime"), segment.arrives);
            json.key("durationInMinutes").number(entry.minutes);
            json.key("marketingFlightNumber").text(&segment.number.to_string());
            let marketing = ids::carrier_id(atlas, segment.carrier);
            json.key("marketingCarrierId").number_text(i64::from(marketing));
            let operating = ids::carrier_id(atlas, segment.operating);
            json.key("operatingCarrierId").number_text(i64::from(operating));
        });
    }
}

/// Writes the members of `places`: airports in use with their ancestors up to the country.
pub(super) fn places(json: &mut Json, content: &Content<'_>, catalog: &Catalog) {
    let language = content.snapshot.display.locale.as_str();
    let mut entries = BTreeMap::new();
    for &airport in &catalog.airports {
        places::collect(&mut entries, content.atlas, airport, language);
    }
    places::write_map(json, &entries, false);
}

/// Writes the members of `carriers`.
pub(super) fn carriers(json: &mut Json, atlas: &Atlas, catalog: &Catalog) {
    let mut by_id = BTreeMap::new();
    for &carrier in &catalog.carriers {
        by_id.insert(ids::carrier_id(atlas, carrier).to_string(), carrier);
    }
    for (id, carrier) in by_id {
        let known = atlas.carrier(carrier);
        let code = carrier.to_bytes();
        json.key_text(&id).object(|json| {
            match known {
                Some(known) => json.key("name").text(known.name),
                None => json.key("name").plain(&code),
            };
            json.key("allianceId");
            match known.and_then(|known| known.alliance) {
                Some(alliance) => json.number_text(i64::from(alliance.0)),
                None => json.plain(b""),
            };
            json.key("imageUrl").plain(b"");
            json.key("iata").plain(&code);
            json.key("icao").text(known.map_or("", |known| known.icao));
            json.key("displayCode").plain(&code);
        });
    }
}

/// Writes the members of `agents`: all that were asked, and all that sell something.
pub(super) fn agents(json: &mut Json, content: &Content<'_>, shown: &[Shown<'_>]) {
    let mut all: BTreeSet<AgentId> =
        content.snapshot.ledger.agents().map(|agent| agent.id).collect();
    for row in shown.iter().flat_map(|one| &one.options) {
        let offer = content.merged().offer(row);
        all.insert(offer.agent());
        all.extend(offer.parts().map(|part| part.agent()));
    }
    for agent in all {
        let card = content.agents.card(agent);
        json.key_text(agent.as_str()).object(|json| {
            json.key("name").text(card.map_or(agent.as_str(), |card| card.name.as_str()));
            let airline = card.is_some_and(|card| card.airline);
            let kind: &[u8] =
                if airline { b"AGENT_TYPE_AIRLINE" } else { b"AGENT_TYPE_TRAVEL_AGENT" };
            json.key("type").plain(kind);
            json.key("imageUrl").plain(b"");
            json.key("feedbackCount").number(0);
            json.key("rating").number(0);
            json.key("ratingBreakdown").null();
            json.key("isOptimisedForMobile").truth(false);
        });
    }
}

/// Writes the members of `alliances`: those of the carriers in use.
pub(super) fn alliances(json: &mut Json, atlas: &Atlas, catalog: &Catalog) {
    let mut by_id = BTreeMap::new();
    for &carrier in &catalog.carriers {
        if let Some(alliance) = atlas.carrier(carrier).and_then(|known| known.alliance) {
            by_id.insert(alliance.0.to_string(), alliance);
        }
    }
    for (id, alliance) in by_id {
        let known = atlas.alliance(alliance);
        json.key_text(&id).object(|json| {
            json.key("name").text(known.map_or("", |known| known.name));
        });
    }
}

/// Writes a local time.
pub(super) fn date_time(json: &mut Json, time: LocalTime) {
    let (year, month, day) = time.date().ymd();
    let (hour, minute) = time.hour_minute();
    json.object(|json| {
        json.key("year").number(year).key("month").number(month).key("day").number(day);
        json.key("hour").number(hour).key("minute").number(minute).key("second").number(0);
    });
}

/// Writes a local time that is not there.
pub(super) fn no_time(json: &mut Json) {
    json.object(|json| {
        for part in ["year", "month", "day", "hour", "minute", "second"] {
            json.key(part).number(0);
        }
    });
}

fn carrier_ids(json: &mut Json, atlas: &Atlas, carriers: Vec<domain::CarrierCode>) {
    json.list(|json| {
        for carrier in carriers {
            json.number_text(i64::from(ids::carrier_id(atlas, carrier)));
        }
    });
}
