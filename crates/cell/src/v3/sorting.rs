//! `sortingOptions` of a v3 content: every itinerary in three orders, the best first.
//!
//! Scores and orders are those of `search::rank`.

use domain::ItineraryKey;
use search::rank::{Measure, Place, Sort};

use super::content::Shown;
use crate::json::Json;

/// Writes the members of `sortingOptions`.
pub(super) fn write(json: &mut Json, shown: &[Shown<'_>]) {
    for sort in Sort::ALL {
        let mut order: Vec<(Place, ItineraryKey, &Shown<'_>)> = shown
            .iter()
            .map(|one| {
                let measure = Measure { price: one.price, ..Measure::from(one.itinerary) };
                (Place::of(measure, sort), one.itinerary.key, one)
            })
            .collect();
        order.sort_unstable_by_key(|(place, key, _)| (*place, *key));
        json.key(sort.name()).list(|json| {
            for (_, _, one) in order {
                json.object(|json| {
                    json.key("score").float32(one.scores.of(sort) as f32);
                    json.key("itineraryId").text(&one.id);
                });
            }
        });
    }
}
