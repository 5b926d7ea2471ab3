//! Matches typed words with places and ranks what is found.
//!
//! A place's score is its relevance (0 to 1: how well the typed words match, on average) plus 0.9
//! times the square root of its popularity, plus a little if it lies in the traveller's market. The
//! root keeps big airports from burying a small one that was typed exactly.

use domain::{CityCode, CountryCode};

use super::fold::Word;
use super::index::{Index, Posting, Source};
use super::near::{edits_allowed, near};
use super::{Kinds, SUGGESTIONS_MAX, SuggestOptions};
use crate::book::Atlas;
use crate::place::{Airport, City, PlaceRef};

const POPULARITY_WEIGHT: f32 = 0.9;
const MARKET_BONUS: f32 = 0.12;
/// Relevance an edit costs, of 255.
const EDIT_COST: u8 = 75;
/// Relevance an airport loses when only its city matches, of 255.
const CITY_COST: u8 = 8;
/// Relevance of an airport whose city's code was typed, and of a place whose country was.
const CITY_CODE: u8 = 160;
const COUNTRY: u8 = 120;
/// A place at least this popular that starts with what was typed needs no search for misspellings.
const KNOWN_POPULARITY: f32 = 0.02;
/// Words that say what is looked for, not where.
const GENERIC: [&str; 6] =
    ["airport", "airports", "flughafen", "aeropuerto", "aeroport", "aeroporto"];

/// How much of a stored word was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Whole,
    Start,
}

/// Letters of a word that could be the start of nearly anything. Among so many, a code that starts so is
/// rather meant than a name in another language.
const SHORT: usize = 2;

/// Relevance of a match, of 255, for a typed word of so many letters. A word that stands where it was typed
/// counts more.
const fn relevance(source: Source, in_place: bool, extent: Extent, letters: usize) -> u8 {
    match (source, in_place, extent) {
        (Source::Code, _, Extent::Whole) => 255,
        (Source::Code, _, Extent::Start) if letters == SHORT => 180,
        (Source::Code, _, Extent::Start) => 0,
        (Source::Alternative, _, Extent::Start) if letters <= SHORT => 40,
        (Source::Name, true, Extent::Whole) => 215,
        (Source::Name, true, Extent::Start) => 180,
        (Source::Name, false, Extent::Whole) => 150,
        (Source::Name, false, Extent::Start) => 130,
        (Source::Alternative, true, Extent::Whole) => 190,
        (Source::Alternative, true, Extent::Start) => 140,
        (Source::Alternative, false, Extent::Whole) => 110,
        (Source::Alternative, false, Extent::Start) => 95,
        (Source::Region, _, Extent::Whole) => 170,
        (Source::Region, _, Extent::Start) => 50,
    }
}

/// The most popular places.
pub(crate) fn popular<'a>(atlas: &'a Atlas, options: &SuggestOptions) -> Vec<(PlaceRef<'a>, f32)> {
    let mut found: Vec<(usize, f32)> = Vec::new();
    let rank = |popularity, country| score(0.0, popularity, country, options);
    if options.kinds.contains(Kinds::CITIES) {
        let cities = atlas.cities().iter().enumerate();
        found.extend(cities.map(|(at, city)| (at, rank(city.popularity, city.country))));
    } else if options.kinds.contains(Kinds::AIRPORTS) {
        let airports = (atlas.cities().len()..).zip(atlas.airports());
        found.extend(airports.map(|(at, row)| (at, rank(row.popularity, row.country))));
    } else if options.kinds.contains(Kinds::COUNTRIES) {
        let countries = (atlas.cities().len() + atlas.airports().len()..).zip(atlas.countries());
        found.extend(
            countries.map(|(at, row)| (at, rank(atlas.country_popularity(row.code), row.code))),
        );
    }
    best(atlas, found, options.limit)
}

/// The places that match all typed words, best first.
pub(crate) fn search<'a>(
    atlas: &'a Atlas,
    index: &Index,
    typed: &[Word],
    options: &SuggestOptions,
) -> Vec<(PlaceRef<'a>, f32)> {
    let said: Vec<&Word> = typed.iter().filter(|word| !is_generic(word)).collect();
    let said = if said.is_empty() { typed.iter().collect() } else { said };
    let mut matches = Matches::new(atlas, said.len());
    // Words that are stored just so: these are right, whatever else is misspelt.
    let mut right = vec![false; said.len()];
    for (at, word) in said.iter().enumerate() {
        for found in index.words.starting_with(&word.letters) {
            let letters = index.words.word(found).len();
            let extent = if letters == word.letters.len() { Extent::Whole } else { Extent::Start };
            right[at] |= extent == Extent::Whole;
            matches.add(at, index.postings(found), |source, in_place| {
                relevance(source, in_place, extent, word.letters.len())
            });
        }
    }
    let mut found = matches.ranked(options);
    for doubted in [false, true] {
        let mut looked = false;
        if matches.convincing(&found) {
            break;
        }
        for (at, word) in said.iter().enumerate().filter(|&(at, _)| right[at] == doubted) {
            looked |= add_near(&mut matches, index, at, word);
        }
        if looked {
            found = matches.ranked(options);
        }
        if !found.is_empty() {
            break;
        }
    }
    best(atlas, found, options.limit)
}

/// Adds the places of stored words that are nearly the typed one; says whether it looked for any.
fn add_near(matches: &mut Matches<'_>, index: &Index, at: usize, word: &Word) -> bool {
    let edits = edits_allowed(word.letters.len());
    if edits == 0 {
        return false;
    }
    near(&index.common, index.common_like(&word.letters), &word.letters, edits, |near| {
        let cost = |edits: u8| EDIT_COST.saturating_mul(edits);
        let postings = index.postings(index.common_words[near.word] as usize);
        matches.add(at, postings, |source, in_place| {
            // A code is right or wrong.
            if source == Source::Code {
                return 0;
            }
            let of = |extent| relevance(source, in_place, extent, word.letters.len());
            let start = of(Extent::Start).saturating_sub(cost(near.start));
            let whole = near.whole.map_or(0, |edits| of(Extent::Whole).saturating_sub(cost(edits)));
            start.max(whole)
        });
    });
    true
}

fn is_generic(word: &Word) -> bool {
    GENERIC.iter().any(|generic| word.letters.iter().copied().eq(generic.bytes().map(u16::from)))
}

fn score(relevance: f32, popularity: f32, country: CountryCode, options: &SuggestOptions) -> f32 {
    let home = if options.market == Some(country) { MARKET_BONUS } else { 0.0 };
    relevance + POPULARITY_WEIGHT * popularity.sqrt() + home
}

/// The best of what was found; equally good ones in the order of their numbers, cities first.
fn best<'a>(
    atlas: &'a Atlas,
    mut found: Vec<(usize, f32)>,
    limit: usize,
) -> Vec<(PlaceRef<'a>, f32)> {
    let limit = limit.min(SUGGESTIONS_MAX);
    let order = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if found.len() > limit && limit > 0 {
        found.select_nth_unstable_by(limit - 1, order);
    }
    found.truncate(limit);
    found.sort_unstable_by(order);
    found.into_iter().filter_map(|(place, score)| Some((atlas.numbered(place)?, score))).collect()
}

/// Per typed word how well each place matches it.
struct Matches<'a> {
    atlas: &'a Atlas,
    /// Relevance by typed word and place number.
    direct: Vec<Vec<u8>>,
    /// Typed words that name a country, by word and country.
    countries: Vec<Vec<u8>>,
    touched: Vec<u64>,
    /// Whether a name or code was typed in full.
    whole: bool,
}

impl<'a> Matches<'a> {
    fn new(atlas: &'a Atlas, words: usize) -> Self {
        let places = atlas.cities().len() + atlas.airports().len() + atlas.countries().len();
        Self {
            atlas,
            direct: vec![vec![0; places]; words],
            countries: vec![vec![0; atlas.countries().len()]; words],
            touched: vec![0; places.div_ceil(64)],
            whole: false,
        }
    }

    /// Counts the places a stored word leads to for the typed word number `at`.
    fn add(&mut self, at: usize, postings: &[Posting], relevance: impl Fn(Source, bool) -> u8) {
        let cities = self.atlas.cities().len();
        let countries = cities + self.atlas.airports().len();
        for posting in postings {
            let (place, source) = (posting.place(), posting.source());
            let value = relevance(source, posting.position() == at);
            if value == 0 {
                continue;
            }
            self.whole |= value >= 215;
            self.raise(at, place, value);
            if place < cities {
                let value = if source == Source::Code { CITY_CODE } else { value };
                for code in self.atlas.cities()[place].airports {
                    if let Some(airport) = self.atlas.airport_index(Some(*code)) {
                        self.raise(at, cities + airport, value.saturating_sub(CITY_COST).max(1));
                    }
                }
            } else if let Some(slot) = self.countries[at].get_mut(place.wrapping_sub(countries)) {
                *slot = (*slot).max(COUNTRY.min(value));
            }
        }
    }

    fn raise(&mut self, at: usize, place: usize, value: u8) {
        let slot = &mut self.direct[at][place];
        *slot = (*slot).max(value);
        self.touched[place / 64] |= 1 << (place % 64);
    }

    /// How well a place matches all typed words, 0 to 1; `None` if it misses one.
    fn relevance(&self, place: usize, country: CountryCode) -> Option<f32> {
        let country = self.atlas.country_index(Some(country)).filter(|_| self.direct.len() > 1);
        let mut sum = 0_u32;
        for (direct, countries) in self.direct.iter().zip(&self.countries) {
            let value = direct[place].max(country.map_or(0, |at| countries[at]));
            if value == 0 {
                return None;
            }
            sum += u32::from(value);
        }
        Some(sum as f32 / (255 * self.direct.len()) as f32)
    }

    /// Numbers and scores of the places that match all words and are of a wanted kind.
    fn ranked(&self, options: &SuggestOptions) -> Vec<(usize, f32)> {
        let mut found = Vec::new();
        for (block, &bits) in self.touched.iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                let place = block * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                found.extend(self.rank(place, options).map(|score| (place, score)));
            }
        }
        found
    }

    fn rank(&self, place: usize, options: &SuggestOptions) -> Option<f32> {
        match self.atlas.numbered(place)? {
            PlaceRef::City(city) if options.kinds.contains(Kinds::CITIES) => {
                self.rank_city(place, city, options)
            }
            PlaceRef::Airport(airport) if options.kinds.contains(Kinds::AIRPORTS) => {
                self.rank_airport(place, airport, options)
            }
            PlaceRef::Country(country) if options.kinds.contains(Kinds::COUNTRIES) => {
                let relevance = self.relevance(place, country.code)?;
                let popularity = self.atlas.country_popularity(country.code);
                Some(score(relevance, popularity, country.code, options))
            }
            _ => None,
        }
    }

    fn rank_city(&self, place: usize, city: &City, options: &SuggestOptions) -> Option<f32> {
        Some(score(self.relevance(place, city.country)?, city.popularity, city.country, options))
    }

    fn rank_airport(&self, place: usize, row: &Airport, options: &SuggestOptions) -> Option<f32> {
        let mut best =
            score(self.relevance(place, row.country)?, row.popularity, row.country, options);
        if options.kinds.contains(Kinds::CITIES) {
            let own_code = CityCode::from_bytes(&row.code.to_bytes()).ok();
            for code in [Some(row.city), own_code] {
                let Some(at) = self.atlas.city_index(code) else { continue };
                let city = &self.atlas.cities()[at];
                if !city.airports.contains(&row.code) {
                    continue;
                }
                if let Some(before) = self.rank_city(at, city, options) {
                    if options.merge_single_airports && city.airports == [row.code] {
                        return None;
                    }
                    best = best.min(before - 0.000_1);
                }
            }
        }
        Some(best)
    }

    /// Whether something found is surely meant, so that misspellings need not be looked for.
    fn convincing(&self, found: &[(usize, f32)]) -> bool {
        let known = |&(place, _): &(usize, f32)| match self.atlas.numbered(place) {
            Some(PlaceRef::City(city)) => city.popularity >= KNOWN_POPULARITY,
            Some(PlaceRef::Airport(airport)) => airport.popularity >= KNOWN_POPULARITY,
            Some(PlaceRef::Country(_)) => true,
            Some(PlaceRef::Continent(_)) | None => false,
        };
        !found.is_empty() && (self.whole || found.iter().any(known))
    }
}
