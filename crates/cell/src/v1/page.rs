//! One page of a search's results as `/v1` JSON.
//!
//! ```text
//! Merged + search::Page + names ──render_page──▶ about 20 KB of bytes
//! ```
//!
//! Names of carriers and airports stand once at the end, for the itineraries of the page. Bytes are
//! pushed straight into one buffer. Cost: see `cargo xtask bench search`; about 10 us for ten
//! itineraries with ninety options.

use atlas::{Atlas, PlaceRef};
use domain::{AirportCode, BagAllowance, CarrierCode, LocalTime, Money, Segment, Transfer};
use search::{
    Display, LegView, Merged, MergedItinerary, OfferView, OptionRow, Page, PageRow, Progress,
    Snapshot,
};

use super::{facets, request};
use crate::agents::AgentBook;
use crate::json::{Json, push_two};
use crate::key;
use crate::party::name_in;

/// Adds the signed id of an offer's link to a text; see [`Snapshot::write_link`].
pub type WriteLink<'a> = dyn Fn(&MergedItinerary, &OfferView<'_>, u8, &mut String) + 'a;

/// What a page is made of.
#[derive(Clone, Copy)]
pub struct PageParts<'a> {
    /// Places, carriers, currencies.
    pub atlas: &'static Atlas,
    /// Names of agents.
    pub agents: &'a AgentBook,
    /// The token the page was asked with.
    pub token: &'a str,
    /// `incomplete`, `complete` or `failed`.
    pub status: &'static str,
    /// Grows with every change of the answer.
    pub version: u32,
    /// Partners asked, answered, failed.
    pub partners: Progress,
    /// What is searched for.
    pub request: &'a domain::SearchRequest,
    /// How it is shown.
    pub display: &'a Display,
    /// The merged answers.
    pub merged: &'a Merged,
    /// The rows shown.
    pub page: &'a Page,
    /// Signs links of offers.
    pub write_link: &'a WriteLink<'a>,
}

impl std::fmt::Debug for PageParts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PageParts").field("token", &self.token).finish_non_exhaustive()
    }
}

/// Bytes set aside for a row.
const ROW_BYTES: usize = 3_072;

/// Renders a page of a snapshot, asked for with `token`.
#[must_use]
pub fn render_page(
    snapshot: &Snapshot,
    page: &Page,
    token: &str,
    agents: &AgentBook,
    atlas: &'static Atlas,
) -> Vec<u8> {
    let write_link =
        |itinerary: &MergedItinerary, offer: &OfferView<'_>, part, out: &mut String| {
            snapshot.write_link(itinerary, offer, part, out);
        };
    render_parts(&PageParts {
        atlas,
        agents,
        token,
        status: snapshot.status.name(),
        version: snapshot.version,
        partners: snapshot.progress,
        request: &snapshot.request,
        display: &snapshot.display,
        merged: &snapshot.merged,
        page,
        write_link: &write_link,
    })
}

/// Renders a page of its parts.
#[must_use]
pub fn render_parts(parts: &PageParts<'_>) -> Vec<u8> {
    let mut json = Json::with_capacity(6_144 + parts.page.rows.len() * ROW_BYTES);
    json.object(|json| write_members(json, parts));
    json.into_bytes()
}

fn write_members(json: &mut Json, parts: &PageParts<'_>) {
    let PageParts { atlas, token, status, version, partners, page, merged, .. } = *parts;
    let currency = merged.currency();
    key!(json, "token").text(token);
    key!(json, "status").plain(status.as_bytes());
    key!(json, "version").number(version);
    key!(json, "total").number(page.total);
    key!(json, "matched").number(page.matched);
    key!(json, "cursor");
    match &page.next {
        Some(next) => json.plain(next.to_text().as_bytes()),
        None => json.null(),
    };
    key!(json, "currency").plain(&currency.to_bytes());
    let decimals = atlas.currency(currency).map_or(2, |currency| currency.decimals);
    key!(json, "decimals").number(decimals);
    write_progress(key!(json, "partners"), partners);
    request::write(key!(json, "request"), parts.request, parts.display);
    facets::write(key!(json, "facets"), parts);
    let mut names = Names::default();
    let mut writer = RowWriter { parts, names: &mut names, link: LinkText::new(token) };
    key!(json, "itineraries").list(|json| {
        for row in &page.rows {
            writer.row(json, row);
        }
    });
    names.write(json, atlas, parts.display.locale.as_str());
}

/// Writes how many partners did what.
pub(super) fn write_progress(json: &mut Json, progress: Progress) {
    let Progress { asked, answered, failed } = progress;
    json.object(|json| {
        key!(json, "asked").number(asked);
        key!(json, "answered").number(answered);
        key!(json, "failed").number(failed);
    });
}

/// Carriers and airports the page mentions.
#[derive(Debug, Default)]
struct Names {
    carriers: Vec<CarrierCode>,
    airports: Vec<AirportCode>,
}

impl Names {
    fn add(&mut self, segment: &Segment) {
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

    fn write(mut self, json: &mut Json, atlas: &'static Atlas, language: &str) {
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

/// The text of a link, of which only the signed id at the end changes.
struct LinkText {
    text: String,
    base: usize,
}

impl LinkText {
    fn new(token: &str) -> Self {
        let mut text = String::with_capacity(token.len() + 40);
        text.push_str("/v1/go/");
        text.push_str(token);
        text.push_str("?l=");
        Self { base: text.len(), text }
    }

    fn with(&mut self, write: impl FnOnce(&mut String)) -> &[u8] {
        self.text.truncate(self.base);
        write(&mut self.text);
        self.text.as_bytes()
    }
}

struct RowWriter<'a, 'n> {
    parts: &'a PageParts<'a>,
    names: &'n mut Names,
    link: LinkText,
}

impl RowWriter<'_, '_> {
    fn row(&mut self, json: &mut Json, row: &PageRow) {
        let merged = self.parts.merged;
        let Some(itinerary) = merged.itineraries().get(row.itinerary as usize) else { return };
        json.object(|json| {
            key!(json, "id").plain_with(|id| push_hex(id, itinerary.key.0));
            key!(json, "duration_minutes").number(itinerary.duration_minutes);
            key!(json, "stops").number(itinerary.stops);
            amount(key!(json, "price"), row.price);
            key!(json, "scores").object(|json| {
                key!(json, "best").share(row.scores.best);
                key!(json, "cheapest").share(row.scores.cheapest);
                key!(json, "fastest").share(row.scores.fastest);
            });
            key!(json, "self_transfer").truth(itinerary.transfer == Transfer::SelfTransfer);
            key!(json, "legs").list(|json| {
                for leg in merged.legs(itinerary) {
                    self.leg(json, &leg);
                }
            });
            key!(json, "options").list(|json| {
                for option in merged.options(itinerary) {
                    if self.parts.page.shows(merged, option) {
                        self.option(json, itinerary, option);
                    }
                }
            });
        });
    }

    fn leg(&mut self, json: &mut Json, leg: &LegView<'_>) {
        json.object(|json| {
            key!(json, "origin").plain(&leg.origin().to_bytes());
            key!(json, "destination").plain(&leg.destination().to_bytes());
            key!(json, "departs").plain_with(|text| push_time(text, leg.departs()));
            key!(json, "arrives").plain_with(|text| push_time(text, leg.arrives()));
            key!(json, "duration_minutes").number(leg.duration_minutes);
            key!(json, "day_shift").number(leg.day_shift());
            key!(json, "stops").number(leg.stops());
            key!(json, "segments").list(|json| {
                for segment in leg.segments() {
                    self.names.add(segment);
                    write_segment(json, segment, leg.segment_minutes(segment));
                }
            });
        });
    }

    fn option(&mut self, json: &mut Json, itinerary: &MergedItinerary, row: &OptionRow) {
        let offer = self.parts.merged.offer(row);
        let combination = self.parts.merged.is_combination(row);
        json.object(|json| {
            self.seller(json, offer.agent());
            amount(key!(json, "price"), offer.amount);
            self.quoted(key!(json, "quoted"), offer.quoted());
            key!(json, "brand").text(offer.brand());
            bags(key!(json, "cabin_bags"), offer.cabin_bags());
            bags(key!(json, "checked_bags"), offer.checked_bags());
            let transfer: &[u8] = match offer.transfer() {
                Transfer::Managed => b"managed",
                Transfer::ProtectedSelfTransfer => b"protected_self_transfer",
                Transfer::SelfTransfer => b"self_transfer",
            };
            key!(json, "transfer").plain(transfer);
            key!(json, "link");
            if combination || offer.link().is_empty() {
                json.null();
            } else {
                self.link(json, itinerary, &offer, 0);
            }
            key!(json, "parts").list(|json| self.parts(json, itinerary, &offer));
        });
    }

    /// The tickets of a combination, each bought by itself.
    fn parts(&mut self, json: &mut Json, itinerary: &MergedItinerary, offer: &OfferView<'_>) {
        for (index, part) in offer.parts().enumerate() {
            json.object(|json| {
                self.seller(json, part.agent());
                let mut segments = part.segments();
                if let Some(first) = segments.next() {
                    let last = segments.last().unwrap_or(first);
                    key!(json, "origin").plain(&first.origin.to_bytes());
                    key!(json, "destination").plain(&last.destination.to_bytes());
                }
                key!(json, "price").number(part.amount());
                self.quoted(key!(json, "quoted"), part.quoted());
                key!(json, "brand").text(part.brand());
                bags(key!(json, "cabin_bags"), part.cabin_bags());
                bags(key!(json, "checked_bags"), part.checked_bags());
                key!(json, "link");
                if part.link().is_empty() {
                    json.null();
                } else {
                    self.link(json, itinerary, offer, index as u8 + 1);
                }
            });
        }
    }

    fn seller(&self, json: &mut Json, agent: domain::AgentId) {
        let card = self.parts.agents.card(agent);
        key!(json, "agent").plain(agent.as_str().as_bytes());
        key!(json, "name").text(card.map_or(agent.as_str(), |card| card.name.as_str()));
        let airline = card.is_some_and(|card| card.airline);
        key!(json, "kind").plain(if airline { b"airline" } else { b"travel_agent" });
    }

    fn quoted(&self, json: &mut Json, quoted: Option<Money>) {
        let Some(money) = quoted else {
            json.null();
            return;
        };
        let known = self.parts.atlas.currency(money.currency);
        let decimals = known.map_or(2, |currency| currency.decimals);
        json.object(|json| {
            key!(json, "amount").plain_with(|text| push_decimal(text, money.minor, decimals));
            key!(json, "currency").plain(&money.currency.to_bytes());
        });
    }

    fn link(
        &mut self,
        json: &mut Json,
        itinerary: &MergedItinerary,
        offer: &OfferView<'_>,
        part: u8,
    ) {
        let write_link = self.parts.write_link;
        json.plain(self.link.with(|text| write_link(itinerary, offer, part, text)));
    }
}

fn write_segment(json: &mut Json, segment: &Segment, minutes: Option<i32>) {
    json.object(|json| {
        key!(json, "carrier").plain(&segment.carrier.to_bytes());
        key!(json, "operating").plain(&segment.operating.to_bytes());
        key!(json, "number").plain_with(|text| {
            use std::io::Write;
            // Writing to a vector cannot fail.
            let _ = write!(text, "{}", segment.number);
        });
        key!(json, "origin").plain(&segment.origin.to_bytes());
        key!(json, "destination").plain(&segment.destination.to_bytes());
        key!(json, "departs").plain_with(|text| push_time(text, segment.departs));
        key!(json, "arrives").plain_with(|text| push_time(text, segment.arrives));
        key!(json, "duration_minutes").number(minutes.unwrap_or(0));
    });
}

/// Writes minor units, or `null` without a price.
pub(super) fn amount(json: &mut Json, minor: Option<i64>) {
    match minor {
        Some(minor) => json.number(minor),
        None => json.null(),
    };
}

fn bags(json: &mut Json, allowance: BagAllowance) {
    match allowance {
        BagAllowance::Unknown => json.null(),
        BagAllowance::Included(pieces) => json.number(pieces),
    };
}

/// `2027-03-03T06:40`.
pub(super) fn push_time(text: &mut Vec<u8>, time: LocalTime) {
    let (year, month, day) = time.date().ymd();
    let (hour, minute) = time.hour_minute();
    let year = year.clamp(0, 9_999) as u32;
    push_two(text, year / 100);
    push_two(text, year % 100);
    text.push(b'-');
    push_two(text, month);
    text.push(b'-');
    push_two(text, day);
    text.push(b'T');
    push_two(text, hour);
    text.push(b':');
    push_two(text, minute);
}

/// 32 hexadecimal digits.
fn push_hex(text: &mut Vec<u8>, number: u128) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in number.to_be_bytes() {
        text.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
}

/// The decimal text of an amount of minor units.
fn push_decimal(text: &mut Vec<u8>, minor: i64, decimals: u8) {
    let scale = 10_u64.pow(u32::from(decimals.min(18)));
    let absolute = minor.unsigned_abs();
    if minor < 0 {
        text.push(b'-');
    }
    text.extend_from_slice(itoa::Buffer::new().format(absolute / scale).as_bytes());
    if decimals > 0 {
        text.push(b'.');
        let mut divisor = scale / 10;
        while divisor > 0 {
            text.push(b'0' + (absolute / divisor % 10) as u8);
            divisor /= 10;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn times_are_written_to_the_minute() {
        let mut text = Vec::new();
        push_time(&mut text, "2027-03-09T06:05:00".parse().unwrap());
        assert_eq!(text, b"2027-03-09T06:05");
    }

    #[test]
    fn itineraries_are_named_by_32_digits() {
        let mut text = Vec::new();
        push_hex(&mut text, 0xAB);
        assert_eq!(text, b"000000000000000000000000000000ab");
    }

    proptest! {
        #[test]
        fn amounts_are_written_as_money_writes_them(minor in -9_999_999_i64..9_999_999, decimals in 0_u8..5) {
            let mut text = Vec::new();
            push_decimal(&mut text, minor, decimals);
            let money = Money::new(minor, "EUR".parse().unwrap());
            prop_assert_eq!(String::from_utf8(text).unwrap(), money.to_decimal(decimals));
        }
    }
}
