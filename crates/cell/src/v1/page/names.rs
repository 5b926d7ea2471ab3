//! The names a page mentions, each once.

use atlas::{Atlas, PlaceRef};
use domain::{AirportCode, CarrierCode, Segment};

use crate::json::Json;
use crate::key;
use crate::party::name_in;

/// Carriers and airports the page mentions.
#[derive(Debug, Default)]
pub(super) struct Names {
    carriers: Vec<CarrierCode>,
    airports: Vec<AirportCode>,
}

impl Names {
    pub(super) fn add(&mut self, segment: &Segment) {
        for carrier in [segment.carrier, segment.operating] {
            if !self.carriers.contains(&carrier) {
                self.carriers.push(carrier);
            }
        }
        for airport in [segment.origin, segment.destination] {
            if !self.airports.contains(&airport) {
                self.airports.push(airport);
            }
        }
    }

    pub(super) fn write(mut self, json: &mut Json, atlas: &'static Atlas, language: &str) {
        self.carriers.sort_unstable();
        self.airports.sort_unstable();
        key!(json, "carriers").object(|json| {
            for carrier in self.carriers {
                let code = carrier.to_bytes();
                json.key(str::from_utf8(&code).unwrap_or_default()).object(|json| {
                    match atlas.carrier(carrier) {
                        Some(known) => key!(json, "name").text(known.name),
                        None => key!(json, "name").plain(&code),
                    };
                });
            }
        });
        key!(json, "airports").object(|json| {
            for airport in self.airports {
                let code = airport.to_bytes();
                json.key(str::from_utf8(&code).unwrap_or_default()).object(|json| {
                    let known = atlas.airport(airport);
                    let city = known.and_then(|known| atlas.city(known.city));
                    let country = known.and_then(|known| atlas.country(known.country));
                    let named = |place: Option<PlaceRef<'static>>| {
                        place.map_or("", |place| name_in(atlas, place, language))
                    };
                    key!(json, "name").text(named(known.map(PlaceRef::Airport)));
                    key!(json, "city").text(named(city.map(PlaceRef::City)));
                    key!(json, "country").text(named(country.map(PlaceRef::Country)));
                });
            }
        });
    }
}
