//! What filters could still be chosen, in `/v1` form.

use domain::{AirportCode, CarrierCode};
use search::FacetValue;

use super::page::{PageParts, amount};
use crate::json::Json;
use crate::key;

/// Writes the `facets` object.
pub(super) fn write(json: &mut Json, parts: &PageParts<'_>) {
    let facets = &parts.page.facets;
    json.object(|json| {
        key!(json, "stops").list(|json| {
            for facet in &facets.stops {
                let digit = [b'0' + facet.value.min(9)];
                value(json, facet, |json| json.plain(&digit), None);
            }
        });
        key!(json, "carriers").list(|json| {
            for facet in &facets.carriers {
                let name = parts.atlas.carrier(facet.value).map(|carrier| carrier.name);
                value(json, facet, |json| json.plain(&CarrierCode::to_bytes(facet.value)), name);
            }
        });
        key!(json, "alliances").list(|json| {
            for facet in &facets.alliances {
                if let Some(alliance) = parts.atlas.alliance(facet.value) {
                    value(json, facet, |json| json.text(alliance.key), Some(alliance.name));
                }
            }
        });
        key!(json, "agents").list(|json| {
            for facet in &facets.agents {
                let id = facet.value.as_str();
                let name = parts.agents.card(facet.value).map_or(id, |card| card.name.as_str());
                value(json, facet, |json| json.plain(id.as_bytes()), Some(name));
            }
        });
        key!(json, "airports").list(|json| {
            for facet in &facets.airports {
                let name = parts.atlas.airport(facet.value).map(|airport| airport.name);
                value(json, facet, |json| json.plain(&AirportCode::to_bytes(facet.value)), name);
            }
        });
        range(
            key!(json, "duration"),
            facets.minutes.map(|(least, most)| (least.into(), most.into())),
        );
        range(key!(json, "price"), facets.price);
    });
}

fn value<T>(
    json: &mut Json,
    facet: &FacetValue<T>,
    write: impl FnOnce(&mut Json) -> &mut Json,
    name: Option<&str>,
) {
    json.object(|json| {
        write(key!(json, "value"));
        if let Some(name) = name {
            key!(json, "name").text(name);
        }
        key!(json, "count").number(facet.count);
        amount(key!(json, "min_price"), facet.price_min);
    });
}

/// Writes `{"min","max"}`, or `null` if there is no value.
fn range(json: &mut Json, range: Option<(i64, i64)>) {
    match range {
        None => json.null(),
        Some((least, most)) => json.object(|json| {
            key!(json, "min").number(least);
            key!(json, "max").number(most);
        }),
    };
}
