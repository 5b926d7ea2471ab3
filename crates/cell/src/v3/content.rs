//! The answer of a v3 create or poll: one snapshot of a search as JSON.
//!
//! ```text
//! Merged + AgentBook ──choose──▶ shown itineraries ──Catalog──▶ ids ──render──▶ bytes
//! ```
//!
//! Itineraries without any price are left out: the reference never shows an unpriced option first.
//! Scores, counts and ranges are those of the itineraries shown.
//!
//! Cost: about 1 ms for 1,000 itineraries; callers keep the bytes per search and version.

use std::collections::BTreeMap;

use atlas::Atlas;
use domain::Transfer;
use search::{Merged, MergedItinerary, OptionRow, Scores, Snapshot, Status, View};

use super::catalog::Catalog;
use super::{maps, option, sorting, stats};
use crate::agents::AgentBook;
use crate::json::Json;

/// `action` of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Take this content.
    Replaced,
    /// Keep what you have.
    NotModified,
    /// There is nothing to search.
    Omitted,
}

impl Action {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Replaced => b"RESULT_ACTION_REPLACED",
            Self::NotModified => b"RESULT_ACTION_NOT_MODIFIED",
            Self::Omitted => b"RESULT_ACTION_OMITTED",
        }
    }
}

/// `status` of an answer.
#[must_use]
pub fn status_name(status: Status) -> &'static [u8] {
    match status {
        Status::Incomplete => b"RESULT_STATUS_INCOMPLETE",
        Status::Complete => b"RESULT_STATUS_COMPLETE",
        Status::Failed => b"RESULT_STATUS_FAILED",
    }
}

/// How much of the answer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Itineraries, best first.
    pub itineraries: usize,
    /// Options of each, cheapest first.
    pub options: usize,
}

impl Extent {
    /// Everything.
    pub const ALL: Self = Self { itineraries: usize::MAX, options: usize::MAX };
    /// What a create shows at once.
    pub const FIRST: Self = Self { itineraries: 10, options: 1 };
}

/// What a content is made of.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// Places, carriers, currencies.
    pub atlas: &'static Atlas,
    /// What is known of the search.
    pub snapshot: &'a Snapshot,
    /// Names of agents.
    pub agents: &'a AgentBook,
    /// What comes before a signed link, e.g. `https://host/v1/go/{token}?l=`.
    pub link_base: &'a str,
    /// How much is shown.
    pub extent: Extent,
}

impl<'a> Content<'a> {
    /// The merged answers.
    pub(super) fn merged(&self) -> &'a Merged {
        &self.snapshot.merged
    }

    /// Minor digits of the display currency.
    pub(super) fn decimals(&self) -> u8 {
        self.atlas.currency(self.merged().currency()).map_or(2, |currency| currency.decimals)
    }
}

/// An itinerary that is shown.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    pub(super) id: String,
    pub(super) leg_ids: Vec<String>,
    pub(super) itinerary: &'a MergedItinerary,
    /// Options of agents that are shown, cheapest first.
    pub(super) options: Vec<OptionRow>,
    /// The price of the first.
    pub(super) price: Option<i64>,
    pub(super) scores: Scores,
}

/// Writes the value of `content`.
pub fn write(json: &mut Json, content: &Content<'_>) {
    let mut catalog = Catalog::new(content.atlas);
    let shown = choose(content, &mut catalog);
    json.object(|json| {
        json.key("results").object(|json| {
            json.key("itineraries").object(|json| itineraries(json, content, &catalog, &shown));
            json.key("legs").object(|json| maps::legs(json, content.atlas, &catalog));
            json.key("segments").object(|json| maps::segments(json, content.atlas, &catalog));
            json.key("places").object(|json| maps::places(json, content, &catalog));
            json.key("carriers").object(|json| maps::carriers(json, content.atlas, &catalog));
            json.key("agents").object(|json| maps::agents(json, content, &shown));
            json.key("alliances").object(|json| maps::alliances(json, content.atlas, &catalog));
        });
        json.key("stats").object(|json| stats::write(json, content, &shown));
        json.key("sortingOptions").object(|json| sorting::write(json, &shown));
    });
}

/// Writes the value of `content` when there is nothing to show: everything there, all of it empty.
pub fn write_empty(json: &mut Json) {
    json.object(|json| {
        json.key("results").object(|json| {
            let maps =
                ["itineraries", "legs", "segments", "places", "carriers", "agents", "alliances"];
            for name in maps {
                json.key(name).object(|_| ());
            }
        });
        json.key("stats").object(stats::write_empty);
        json.key("sortingOptions").object(|json| {
            for name in ["best", "cheapest", "fastest"] {
                json.key(name).list(|_| ());
            }
        });
    });
}

/// Writes a whole create or poll answer around its content.
pub fn write_answer(
    json: &mut Json,
    token: &str,
    status: Status,
    action: Action,
    content: impl FnOnce(&mut Json),
) {
    json.object(|json| {
        json.key("sessionToken").text(token);
        json.key("status").plain(status_name(status));
        json.key("action").plain(action.name());
        json.key("content");
        content(json);
    });
}

/// The itineraries shown, by id.
fn choose<'a>(content: &Content<'a>, catalog: &mut Catalog) -> Vec<Shown<'a>> {
    let merged = content.merged();
    let wanted = View { limit: content.extent.itineraries, facets: false, ..View::default() };
    let page = content.snapshot.view(&wanted);
    let mut rows: Vec<_> = page.rows.iter().filter(|row| row.price.is_some()).collect();
    // Ids that need a counter get it in an order that does not depend on who answered first.
    let itinerary_of = |index: u32| &merged.itineraries()[index as usize];
    rows.sort_unstable_by_key(|row| itinerary_of(row.itinerary).key);
    let mut shown = BTreeMap::new();
    for row in rows {
        let itinerary = itinerary_of(row.itinerary);
        let leg_ids: Vec<String> = merged.legs(itinerary).map(|leg| catalog.leg(&leg)).collect();
        let mut options = merged.options(itinerary);
        options.retain(|option| page.shows(merged, option));
        options.truncate(content.extent.options);
        let id = leg_ids.join("|");
        let (price, scores) = (row.price, row.scores);
        shown.insert(id.clone(), Shown { id, leg_ids, itinerary, options, price, scores });
    }
    shown.into_values().collect()
}

fn itineraries(json: &mut Json, content: &Content<'_>, catalog: &Catalog, shown: &[Shown<'_>]) {
    let emissions = content.snapshot.display.sustainability.then(|| Emissions::of(content, shown));
    for one in shown {
        json.key_text(&one.id).object(|json| {
            json.key("pricingOptions").list(|json| {
                for row in &one.options {
                    option::write(json, content, catalog, one, row);
                }
            });
            json.key("legIds").list(|json| {
                for id in &one.leg_ids {
                    json.text(id);
                }
            });
            json.key("sustainabilityData");
            match &emissions {
                None => json.null(),
                Some(emissions) => emissions.write(json, grams(content, one)),
            };
        });
    }
}

/// The least an itinerary is said to emit.
fn grams(content: &Content<'_>, shown: &Shown<'_>) -> Option<u32> {
    let said = |row| content.merged().offer(row).emissions_grams();
    content.merged().any_order(shown.itinerary).iter().filter_map(said).min()
}

/// Emissions of an itinerary against the mean of all that are known.
struct Emissions {
    mean: Option<f64>,
}

impl Emissions {
    /// Percent below the mean from which an itinerary counts as a greener choice.
    const CONTENDER_PERCENT: f64 = 6.0;

    fn of(content: &Content<'_>, shown: &[Shown<'_>]) -> Self {
        let (mut sum, mut known) = (0.0, 0_u32);
        for one in shown {
            if let Some(grams) = grams(content, one) {
                sum += f64::from(grams);
                known += 1;
            }
        }
        Self { mean: (known > 0).then(|| sum / f64::from(known)) }
    }

    fn write<'j>(&self, json: &'j mut Json, grams: Option<u32>) -> &'j mut Json {
        let below = match (self.mean, grams) {
            (Some(mean), Some(grams)) => (mean - f64::from(grams)) / mean * 100.0,
            _ => 0.0,
        };
        let contender = below >= Self::CONTENDER_PERCENT;
        json.object(|json| {
            json.key("isEcoContender").truth(contender);
            json.key("ecoContenderDelta").float32(if contender { below as f32 } else { 0.0 });
        })
    }
}

/// `transferType` of an option.
pub(super) fn transfer_name(transfer: Transfer) -> &'static [u8] {
    match transfer {
        Transfer::Managed => b"TRANSFER_TYPE_MANAGED",
        Transfer::SelfTransfer => b"TRANSFER_TYPE_SELF_TRANSFER",
        Transfer::ProtectedSelfTransfer => b"TRANSFER_TYPE_PROTECTED_SELF_TRANSFER",
    }
}
