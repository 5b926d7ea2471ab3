//! Who asks what: independent draws of route, day, stay, party, market and cabin.
//!
//! | | | from |
//! |---|---|---|
//! | route | Zipf over 43,934 city pairs by the product of their cities' popularity | number: pairs flown, OpenTravelData 2016-08; exponent 0.69: BTS DB1C June 2026 carries 47,653 to 50 passengers on 20,147 pairs, and ln(47,653/50) / ln 20,147 = 0.69 |
//! | days ahead | log-normal, median 45 days, deviation 1.25, 0-330 days: mean 65, most often 9 | shape: 7 million sales (Yieldr, PhocusWire 2016: mean 78 days, most often 0-10); searches are taken to be like sales |
//! | return | 60%; stay as in [`STAY`] | assumption |
//! | party | [`PARTY`] | assumption |
//! | market | country of departure 85%, of arrival 15% | assumption |
//! | cabin | economy 95%, business 5% | assumption |
//!
//! Nobody looks twice: a traveller who repeats a search, watches a price or tries the next day would
//! save more calls than this mix does. Arrivals are even over the day.

use anyhow::{Context, Result, anyhow};
use domain::{
    Cabin, CityCode, CountryCode, Date, Place, PlaceSet, Question, QuestionLeg, Travellers,
};
use runtime::Random;

/// Rank exponent of routes.
pub(crate) const EXPONENT: f64 = 0.69;
const PAIRS: usize = 43_934;
const CITIES: usize = 500;
const HORIZON: usize = 331;
const MEDIAN_DAYS: f64 = 45.0;
const DEVIATION: f64 = 1.25;
const RETURN: f64 = 0.6;
const HOME: f64 = 0.85;
const ECONOMY: f64 = 0.95;
/// Weight of a stay of so many nights, from 1.
const STAY: [f64; 21] = [
    4.0, 9.0, 12.0, 11.0, 8.0, 7.0, 14.0, 5.0, 4.0, 5.0, 3.0, 2.0, 2.0, 7.0, 2.0, 1.0, 1.0, 1.0,
    1.0, 0.5, 0.5,
];
/// Weight of (adults, ages of children).
const PARTY: [(f64, u32, &[u32]); 6] = [
    (60.0, 1, &[]),
    (25.0, 2, &[]),
    (5.0, 2, &[8, 8]),
    (4.0, 2, &[8]),
    (3.0, 3, &[]),
    (3.0, 4, &[]),
];

/// Things with weights.
#[derive(Debug)]
pub(super) struct Weighted {
    upto: Vec<f64>,
}

impl Weighted {
    pub(super) fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let mut upto: Vec<f64> = weights
            .into_iter()
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        for end in &mut upto {
            *end /= sum;
        }
        Self { upto }
    }

    fn draw(&self, random: &mut Random) -> usize {
        let unit = random.unit();
        self.upto.partition_point(|&end| end <= unit).min(self.upto.len() - 1)
    }

    /// How probable one of them is.
    pub(super) fn chance(&self, index: usize) -> f64 {
        self.upto[index] - if index == 0 { 0.0 } else { self.upto[index - 1] }
    }
}

/// A question before it has a date: what was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(super) pair: usize,
    pub(super) days: usize,
    /// Nights, or a single way.
    pub(super) nights: Option<usize>,
    party: usize,
    at_home: bool,
    cabin: Cabin,
}

#[derive(Clone, Debug)]
struct Town {
    place: PlaceSet,
    country: CountryCode,
}

/// The mix.
#[derive(Debug)]
pub(crate) struct Mix {
    towns: Vec<Town>,
    pairs: Vec<(u16, u16)>,
    route: Weighted,
    days: Weighted,
    stay: Weighted,
    party: Weighted,
    parties: Vec<Travellers>,
}

impl Mix {
    /// The mix with a rank exponent of routes.
    pub(crate) fn new(exponent: f64) -> Result<Self> {
        let mut cities: Vec<(f32, CityCode)> =
            atlas::atlas().cities().iter().map(|city| (city.popularity, city.code)).collect();
        cities.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let towns: Vec<(f32, Town)> = cities
            .into_iter()
            .filter_map(|(popularity, code)| Some((popularity, town(code)?)))
            .take(CITIES)
            .collect();
        let mut pairs: Vec<(f32, u16, u16)> = Vec::new();
        for (from, (left, _)) in (0_u16..).zip(&towns) {
            for (to, (right, _)) in (0_u16..).zip(&towns) {
                if from != to {
                    pairs.push((left * right, from, to));
                }
            }
        }
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        pairs.truncate(PAIRS);
        let parties: Result<Vec<Travellers>, _> =
            PARTY.iter().map(|&(_, adults, ages)| Travellers::new(adults, ages)).collect();
        Ok(Self {
            route: Weighted::new((1..=pairs.len()).map(|rank| (rank as f64).powf(-exponent))),
            days: Weighted::new((0..HORIZON).map(|days| lead_weight(days as f64))),
            stay: Weighted::new(STAY),
            party: Weighted::new(PARTY.iter().map(|party| party.0)),
            parties: parties.map_err(|error| anyhow!("{error}")).context("a party of the mix")?,
            pairs: pairs.into_iter().map(|(_, from, to)| (from, to)).collect(),
            towns: towns.into_iter().map(|(_, town)| town).collect(),
        })
    }

    pub(super) fn pairs(&self) -> usize {
        self.pairs.len()
    }

    /// What somebody asks.
    pub(crate) fn draw(&self, random: &mut Random) -> Asked {
        Asked {
            pair: self.route.draw(random),
            days: self.days.draw(random),
            nights: (random.unit() < RETURN).then(|| self.stay.draw(random) + 1),
            party: self.party.draw(random),
            at_home: random.unit() < HOME,
            cabin: if random.unit() < ECONOMY { Cabin::Economy } else { Cabin::Business },
        }
    }

    /// How probable exactly this is.
    pub(super) fn chance(&self, asked: &Asked) -> f64 {
        let market = match (self.markets_differ(asked), asked.at_home) {
            (false, _) => 1.0,
            (true, true) => HOME,
            (true, false) => 1.0 - HOME,
        };
        let cabin = if asked.cabin == Cabin::Economy { ECONOMY } else { 1.0 - ECONOMY };
        self.chance_of_trip(asked) * self.party.chance(asked.party) * market * cabin
    }

    /// How probable its route, day and return are, whoever asks.
    pub(super) fn chance_of_trip(&self, asked: &Asked) -> f64 {
        let back = |nights: usize| RETURN * self.stay.chance(nights - 1);
        self.chance_of_day(asked) * asked.nights.map_or(1.0 - RETURN, back)
    }

    /// How probable its route and day are, whatever else is asked.
    pub(super) fn chance_of_day(&self, asked: &Asked) -> f64 {
        self.route.chance(asked.pair) * self.days.chance(asked.days)
    }

    /// The name of the question when it is asked on a day: equal for equal questions, and for no others.
    /// Days of a few months have fewer than 16 bits, and so have pairs.
    pub(super) fn name(&self, asked: &Asked, today: usize) -> u64 {
        let mut name = asked.pair as u64;
        for (part, bits) in [
            ((today + asked.days) as u64, 16),
            (asked.nights.unwrap_or(0) as u64, 5),
            (asked.party as u64, 3),
            (u64::from(asked.at_home || !self.markets_differ(asked)), 1),
            (u64::from(asked.cabin == Cabin::Business), 1),
        ] {
            name = name << bits | part;
        }
        name
    }

    fn markets_differ(&self, asked: &Asked) -> bool {
        let (from, to) = self.ends(asked.pair);
        from.country != to.country
    }

    fn ends(&self, pair: usize) -> (&Town, &Town) {
        let (from, to) = self.pairs[pair];
        (&self.towns[usize::from(from)], &self.towns[usize::from(to)])
    }

    /// The question, asked on a day.
    pub(crate) fn question(&self, asked: &Asked, today: Date) -> Question {
        let (from, to) = self.ends(asked.pair);
        let date = today.plus_days(asked.days as i32);
        let leg = |origin: &Town, destination: &Town, date| QuestionLeg {
            origin: origin.place.clone(),
            destination: destination.place.clone(),
            date,
        };
        let mut legs = vec![leg(from, to, date)];
        if let Some(nights) = asked.nights {
            legs.push(leg(to, from, date.plus_days(nights as i32)));
        }
        Question {
            legs,
            cabin: asked.cabin,
            travellers: self.parties[asked.party].clone(),
            market: if asked.at_home { from.country } else { to.country },
        }
    }
}

/// How likely a search is for so many days ahead, in proportion.
fn lead_weight(days: f64) -> f64 {
    // today counts as half a day, so that it has a logarithm
    let ahead = days + 0.5;
    let off = (ahead / MEDIAN_DAYS).ln() / DEVIATION;
    (-off * off / 2.0).exp() / ahead
}

fn town(code: CityCode) -> Option<Town> {
    let atlas = atlas::atlas();
    let mut airports = atlas.airports_of(Place::City(code)).to_vec();
    airports.sort_unstable();
    let country = atlas.airport(*airports.first()?)?.country;
    Some(Town { place: PlaceSet { asked: Place::City(code), airports }, country })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(seed: u64) -> (Mix, Vec<Asked>) {
        let mix = Mix::new(EXPONENT).unwrap();
        let mut random = Random::from_seed(seed);
        let asked = (0..50_000).map(|_| mix.draw(&mut random)).collect();
        (mix, asked)
    }

    #[test]
    fn the_mix_has_the_shares_it_states() {
        let (mix, asked) = drawn(3);
        let share = |is: &dyn Fn(&Asked) -> bool| {
            asked.iter().filter(|asked| is(asked)).count() as f64 / asked.len() as f64
        };
        assert_eq!(mix.pairs(), PAIRS);
        assert!((share(&|asked| asked.nights.is_some()) - RETURN).abs() < 0.01);
        assert!((share(&|asked| asked.at_home) - HOME).abs() < 0.01);
        assert!((share(&|asked| asked.cabin == Cabin::Economy) - ECONOMY).abs() < 0.01);
        let mean = asked.iter().map(|asked| asked.days as f64).sum::<f64>() / asked.len() as f64;
        assert!((63.0..68.0).contains(&mean), "{mean}");
        let chance =
            |days: std::ops::Range<usize>| days.map(|day| mix.days.chance(day)).sum::<f64>();
        assert!((share(&|asked| asked.days < 7) - chance(0..7)).abs() < 0.01);
        let often = (0..HORIZON).max_by(|&a, &b| mix.days.chance(a).total_cmp(&mix.days.chance(b)));
        assert_eq!(often, Some(9));
    }

    #[test]
    fn routes_follow_zipf() {
        let (mix, asked) = drawn(4);
        let expected = 10_f64.powf(EXPONENT);
        assert!((mix.route.chance(9) / mix.route.chance(99) - expected).abs() < 1e-6);
        let first: f64 = (0..1_000).map(|pair| mix.route.chance(pair)).sum();
        let found = asked.iter().filter(|asked| asked.pair < 1_000).count() as f64 / 50_000.0;
        assert!((first - found).abs() < 0.01, "{first} {found}");
    }

    #[test]
    fn equal_seeds_ask_the_same_and_equal_draws_are_equal_questions() {
        let (mix, asked) = drawn(5);
        assert_eq!(asked, drawn(5).1);
        assert_ne!(asked, drawn(6).1);
        let today = Date::from_days(20_800);
        let (one, other) = (mix.question(&asked[0], today), mix.question(&asked[0], today));
        assert_eq!(one.key(), other.key());
        assert!(mix.chance(&asked[0]) > 0.0);
    }

    #[test]
    fn equal_questions_have_equal_names_and_others_have_others() {
        let (mix, asked) = drawn(6);
        let mut names = std::collections::BTreeMap::new();
        let mut keys = std::collections::BTreeMap::new();
        for (day, asked) in asked.iter().enumerate().take(20_000) {
            let day = day % 3;
            let key = mix.question(asked, Date::from_days(20_800 + day as i32)).key();
            let name = mix.name(asked, day);
            assert_eq!(*names.entry(name).or_insert(key), key);
            assert_eq!(*keys.entry(key).or_insert(name), name);
        }
    }
}
