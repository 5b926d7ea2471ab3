//! Distinct questions as travellers ask them: popular places more often, dates spread out.

use atlas::atlas;
use domain::{AirportCode, Date};
use runtime::Random;

/// A one-way or return question.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) origin: AirportCode,
    pub(crate) destination: AirportCode,
    pub(crate) out: Date,
    pub(crate) back: Option<Date>,
}

impl Question {
    /// The body of `POST /v1/searches`.
    pub(crate) fn body(&self) -> String {
        let leg = |from: AirportCode, to: AirportCode, date: Date| {
            format!(r#"{{"origin":"{from}","destination":"{to}","date":"{date}"}}"#)
        };
        let mut legs = leg(self.origin, self.destination, self.out);
        if let Some(back) = self.back {
            legs.push(',');
            legs.push_str(&leg(self.destination, self.origin, back));
        }
        format!(
            r#"{{"legs":[{legs}],"cabin":"economy","adults":1,"children_ages":[],"market":"GB","locale":"en-GB","currency":"GBP","nearby":false}}"#
        )
    }
}

/// Questions between the 120 most popular airports, all distinct, the same for a seed.
pub(crate) fn random_questions(count: usize, seed: u64) -> Vec<Question> {
    let mut airports: Vec<_> = atlas().airports().iter().collect();
    airports.sort_by(|a, b| b.popularity.total_cmp(&a.popularity).then(a.code.cmp(&b.code)));
    airports.truncate(120);
    let today = Date::from_days((runtime::unix_ms() / 86_400_000) as i32);
    let mut random = Random::from_seed(seed);
    let mut seen = runtime::FixedSet::default();
    let mut questions = Vec::with_capacity(count);
    while questions.len() < count {
        let mut pick = || airports[random.below(airports.len() as u64) as usize];
        let (origin, destination) = (pick(), pick());
        let out = today.plus_days(7 + random.below(300) as i32);
        let stay = 2 + random.below(20) as i32;
        let back = (random.below(10) < 6).then(|| out.plus_days(stay));
        let far = atlas().distance_km(origin.code, destination.code).unwrap_or(0.0) > 400.0;
        if far
            && origin.city != destination.city
            && seen.insert((origin.code, destination.code, out, back))
        {
            questions.push(Question {
                origin: origin.code,
                destination: destination.code,
                out,
                back,
            });
        }
    }
    questions
}
