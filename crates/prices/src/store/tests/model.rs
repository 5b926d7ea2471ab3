//! The store said again, plainly: a map, and loops over all of it.

use super::*;

/// What the store should remember.
#[derive(Debug, Default)]
pub(super) struct Model {
    answers: BTreeMap<(QuestionKey, PartnerId), Seen>,
}

impl Model {
    pub(super) fn apply(&mut self, step: &Step) {
        match step {
            Step::Take(batch) => {
                for seen in batch {
                    let place = (seen.question.key(), seen.partner);
                    if self.answers.get(&place).is_none_or(|known| known.at_ms < seen.at_ms) {
                        self.answers.insert(place, seen.clone());
                    }
                }
            }
            Step::Expire(now_ms) => self.answers.retain(|_, seen| {
                let departs = i64::from(seen.question.legs[0].date.days()) * 24 * HOUR;
                seen.at_ms >= now_ms - 96 * HOUR && *now_ms < departs + 48 * HOUR
            }),
            Step::Invalidate(what, until_ms) => {
                self.answers.retain(|_, seen| seen.at_ms > *until_ms || !concerns(*what, seen))
            }
        }
    }

    /// Compares everything that can be asked.
    pub(super) fn compare(&self, store: &PriceStore) {
        let size = store.size();
        assert_eq!(size.answers, self.answers.len());
        let offers: usize = self.answers.values().map(|seen| seen.answer.offers().len()).sum();
        assert_eq!(size.offers, offers);
        for number in QUESTIONS {
            let key = question(number).key();
            let expected: Vec<(PartnerId, i64, Answer)> = self
                .of(key)
                .map(|seen| (seen.partner, seen.at_ms, remembered(&seen.answer).unwrap()))
                .collect();
            let found = store.recall(key, 0, Wanted::Any);
            let known: Vec<(PartnerId, i64)> =
                store.known(key).iter().map(|one| (one.partner, one.seen_ms)).collect();
            assert_eq!(known, expected.iter().map(|one| (one.0, one.1)).collect::<Vec<_>>());
            let found: Vec<(PartnerId, i64, Answer)> = found
                .into_iter()
                .map(|one| (one.partner, one.seen_ms, Answer::clone(&one.answer)))
                .collect();
            assert_eq!(found, expected);
            self.compare_latest(store, key);
        }
    }

    fn compare_latest(&self, store: &PriceStore, key: QuestionKey) {
        for seen in self.of(key) {
            for offer in seen.answer.offers().iter().step_by(5) {
                let itinerary = seen.answer.keys()[offer.itinerary as usize];
                let expected = self.latest(itinerary, offer.agent, key);
                assert_eq!(store.latest(itinerary, offer.agent, key), expected);
            }
        }
    }

    fn latest(&self, itinerary: ItineraryKey, agent: AgentId, key: QuestionKey) -> Option<Latest> {
        let priced = self.of(key).filter_map(|seen| {
            let price = seen
                .answer
                .offers()
                .iter()
                .filter(|offer| {
                    offer.agent == agent
                        && seen.answer.keys()[offer.itinerary as usize] == itinerary
                })
                .filter_map(|offer| offer.price)
                .min_by_key(|price| price.minor)?;
            Some(Latest { price, seen_ms: seen.at_ms, partner: seen.partner })
        });
        priced.min_by_key(|latest| (std::cmp::Reverse(latest.seen_ms), latest.partner))
    }

    fn of(&self, key: QuestionKey) -> impl Iterator<Item = &Seen> {
        self.answers.iter().filter(move |((own, _), _)| *own == key).map(|(_, seen)| seen)
    }
}

fn concerns(what: Invalidation, seen: &Seen) -> bool {
    match what {
        Invalidation::Partner(partner) => seen.partner == partner,
        Invalidation::Route { origin, destination } => seen.question.legs.iter().any(|leg| {
            leg.origin.airports.contains(&origin) && leg.destination.airports.contains(&destination)
        }),
        Invalidation::Carrier(carrier) => {
            let answer = &seen.answer;
            answer
                .offers()
                .iter()
                .flat_map(|offer| answer.legs_of(offer.itinerary))
                .flatten()
                .any(|segment| segment.carrier == carrier || segment.operating == carrier)
        }
    }
}
