//! The questions travellers ask, as bodies for the API and as the market sees them.

use anyhow::{Context, Result};
use domain::{Cabin, CountryCode, LegRequest, Place, Question, SearchRequest, Travellers};

use crate::search_bench::questions::random_questions;

/// A question in both forms.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// For `POST /v1/searches`.
    pub(crate) body: String,
    /// With places resolved into airports.
    pub(crate) question: Question,
}

/// Distinct questions, the same for a seed and a day.
pub(crate) fn draw(count: usize, seed: u64) -> Result<Vec<Asked>> {
    random_questions(count, seed).iter().map(asked).collect()
}

fn asked(drawn: &crate::search_bench::questions::Question) -> Result<Asked> {
    let (origin, destination) = (Place::Airport(drawn.origin), Place::Airport(drawn.destination));
    let mut legs = vec![LegRequest { origin, destination, date: drawn.out }];
    if let Some(date) = drawn.back {
        legs.push(LegRequest { origin: destination, destination: origin, date });
    }
    let request = SearchRequest {
        legs,
        cabin: Cabin::Economy,
        travellers: Travellers::new(1, &[])?,
        market: CountryCode::literal("GB"),
        nearby: false,
    };
    let resolve = |place, nearby| atlas::atlas().resolve(place, nearby);
    let question = Question::normalise(&request, resolve).context("an unknown airport")?;
    Ok(Asked { body: drawn.body(), question })
}
