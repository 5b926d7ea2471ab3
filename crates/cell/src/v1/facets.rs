//! What filters could still be chosen, in `/v1` form.

use search::FacetValue;

use super::page::PageParts;
use super::text::put_amount;
use crate::json::Json;
use crate::key;

/// Writes the `facets` object.
pub(super) fn write(json: &mut Json, parts: &PageParts<'_>) {
    let facets = &parts.page.facets;
    json.object(|json| {
        key!(json, "stops").list(|json| {
            for facet in &facets.stops {
                value(json, facet, &[b'0' + facet.value.min(9)], None);
            }
        });
        key!(json, "carriers").list(|json| {
            for facet in &facets.carriers {
                let name = parts.atlas.carrier(facet.value).map(|carrier| carrier.name);
                value(json, facet, &facet.value.to_bytes(), name);
            }
        });
        key!(json, "alliances").list(|json| {
            for facet in &facets.alliances {
                if let Some(alliance) = parts.atlas.alliance(facet.value) {
                    value(json, facet, alliance.key.as_bytes(), Some(alliance.name));
                }
            }
        });
        key!(json, "agents").list(|json| {
            for facet in &facets.agents {
                let id = facet.value.as_str();
                let name = parts.agents.card(facet.value).map_or(id, |card| card.name.as_str());
                value(json, facet, id.as_bytes(), Some(name));
            }
        });
        key!(json, "airports").list(|json| {
            for facet in &facets.airports {
                let name = parts.atlas.airport(facet.value).map(|airport| airport.name);
                value(json, facet, &facet.value.to_bytes(), name);
            }
        });
        range(
            key!(json, "duration"),
            facets.minutes.map(|(least, most)| (least.into(), most.into())),
        );
        range(key!(json, "price"), facets.price);
    });
}

/// Writes one value; `text` needs no escaping.
fn value<T>(json: &mut Json, facet: &FacetValue<T>, text: &[u8], name: Option<&str>) {
    json.item().put(b"{\"value\":\"").put(text);
    if let Some(name) = name {
        json.put(b"\",\"name\":\"").put_escaped(name);
    }
    json.put(b"\",\"count\":").put_number(facet.count);
    json.put(b",\"min_price\":");
    put_amount(json, facet.price_min);
    json.put(b"}");
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
