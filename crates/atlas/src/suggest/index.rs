//! The words of all places, and which places each word leads to.
//!
//! Place numbers run over cities, then airports, then countries, each in the order of the atlas.
//! Cost: made once in some 100 milliseconds; about 4 MB.

use std::ops::Range;

use domain::CountryCode;
use runtime::FixedMap;

use super::fold::{Word, words};
use super::near::LETTERS_MAX;
use super::words::WordTable;
use crate::book::Atlas;
use crate::names::{names, spellings};
use crate::place::PlaceRef;

/// Words of a name that count.
const NAME_WORDS_MAX: usize = 8;

/// An alternative word that this many airports have says what they are, not which: "aeropuerto",
/// "sân bay", "国際空港".
const COMMON_WORD_AIRPORTS: u32 = 25;

/// Words that stand for each other in names.
const TWINS: [(&str, &str); 3] = [("st", "saint"), ("mt", "mount"), ("ft", "fort")];

/// What travellers call countries beside their names.
const COUNTRY_NICKNAMES: [(&str, &str); 5] =
    [("US", "USA"), ("US", "America"), ("GB", "UK"), ("GB", "Great Britain"), ("AE", "UAE")];

/// Where a word comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// The name that is shown.
    Name,
    /// A name in another language or another spelling.
    Alternative,
    /// The IATA code.
    Code,
    /// The state or region of a city.
    Region,
}

/// A place that a word leads to: number, source and place of the word in the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Posting(u32);

impl Posting {
    fn new(place: usize, source: Source, position: usize) -> Self {
        Self((place as u32) << 8 | (source as u32) << 4 | position.min(15) as u32)
    }

    pub(crate) const fn place(self) -> usize {
        (self.0 >> 8) as usize
    }

    pub(crate) const fn source(self) -> Source {
        match self.0 >> 4 & 3 {
            0 => Source::Name,
            1 => Source::Alternative,
            2 => Source::Code,
            _ => Source::Region,
        }
    }

    pub(crate) const fn position(self) -> usize {
        (self.0 & 15) as usize
    }

    /// Whether misspellings of the word are looked for: if it is a name of a place with traffic.
    /// Codes are right or wrong, and airports are known by their English names.
    fn may_be_misspelt(self, atlas: &Atlas) -> bool {
        match (atlas.numbered(self.place()), self.source()) {
            (_, Source::Code | Source::Region) | (None, _) => false,
            (Some(PlaceRef::City(city)), _) => city.popularity > 0.0,
            (Some(PlaceRef::Airport(row)), source) => {
                row.popularity > 0.0 && source == Source::Name
            }
            (Some(PlaceRef::Country(_) | PlaceRef::Continent(_)), _) => true,
        }
    }
}

/// Words and their postings.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) words: WordTable,
    /// The words that misspellings are looked for among: names of places with traffic.
    pub(crate) common: WordTable,
    /// Index in `words` of each of them.
    pub(crate) common_words: Vec<u32>,
    postings: Vec<Posting>,
    ends: Vec<u32>,
}

impl Index {
    pub(crate) fn of(atlas: &Atlas) -> Self {
        let mut builder = Builder::default();
        builder.add_cities(atlas);
        builder.add_airports(atlas);
        builder.add_countries(atlas);
        builder.finish(atlas)
    }

    /// Those of the common words that share a script with a typed word: Latin letters sort first.
    pub(crate) fn common_like(&self, typed: &[u16]) -> Range<usize> {
        let others = self.common.partition(|word| word.first().is_some_and(|&unit| unit < 128));
        if typed.iter().all(|&unit| unit < 128) { 0..others } else { others..self.common.len() }
    }

    /// Where a word leads.
    pub(crate) fn postings(&self, word: usize) -> &[Posting] {
        let start = if word == 0 { 0 } else { self.ends[word - 1] as usize };
        &self.postings[start..self.ends[word] as usize]
    }
}

#[derive(Default)]
struct Builder {
    ids: FixedMap<Box<[u16]>, u32>,
    rows: Vec<(u32, Posting)>,
}

impl Builder {
    fn add_cities(&mut self, atlas: &Atlas) {
        let lines = &names(atlas).cities;
        for (place, (city, line)) in atlas.cities().iter().zip(lines).enumerate() {
            self.add_code(&city.code.to_bytes(), place);
            self.add_name(city.name, place, Source::Name);
            self.add_name(city.region, place, Source::Region);
            spellings(line).for_each(|name| self.add_name(name, place, Source::Alternative));
        }
    }

    fn add_airports(&mut self, atlas: &Atlas) {
        let first = atlas.cities().len();
        let lines = &names(atlas).airports;
        for (index, (airport, line)) in atlas.airports().iter().zip(lines).enumerate() {
            let place = first + index;
            self.add_code(&airport.code.to_bytes(), place);
            self.add_name(airport.name, place, Source::Name);
            spellings(line).for_each(|name| self.add_name(name, place, Source::Alternative));
        }
        self.drop_common(first);
    }

    /// Takes away the alternative words that very many airports, numbered from `first`, share.
    fn drop_common(&mut self, first: usize) {
        let alternative =
            |row: &(u32, Posting)| row.1.source() == Source::Alternative && row.1.place() >= first;
        let mut airports = vec![(0_u32, usize::MAX); self.ids.len()];
        for row in self.rows.iter().filter(|row| alternative(row)) {
            let (count, last) = &mut airports[row.0 as usize];
            if *last != row.1.place() {
                (*count, *last) = (*count + 1, row.1.place());
            }
        }
        let common = |row: &(u32, Posting)| airports[row.0 as usize].0 >= COMMON_WORD_AIRPORTS;
        self.rows.retain(|row| !(alternative(row) && common(row)));
    }

    fn add_countries(&mut self, atlas: &Atlas) {
        let first = atlas.cities().len() + atlas.airports().len();
        let lines = &names(atlas).countries;
        for (index, (country, line)) in atlas.countries().iter().zip(lines).enumerate() {
            let place = first + index;
            self.add_name(country.name, place, Source::Name);
            spellings(line).for_each(|name| self.add_name(name, place, Source::Alternative));
            for (code, name) in COUNTRY_NICKNAMES {
                if CountryCode::literal(code) == country.code {
                    self.add_name(name, place, Source::Alternative);
                }
            }
        }
    }

    fn add_code(&mut self, code: &[u8; 3], place: usize) {
        let letters = code.map(|letter| u16::from(letter.to_ascii_lowercase()));
        self.add(&letters, Posting::new(place, Source::Code, 0));
    }

    fn add_name(&mut self, name: &str, place: usize, source: Source) {
        let words = words(name, NAME_WORDS_MAX, LETTERS_MAX);
        for (position, word) in words.iter().enumerate() {
            let posting = Posting::new(place, source, position);
            self.add(&word.letters, posting);
            for (short, long) in TWINS {
                for (a, b) in [(short, long), (long, short)] {
                    if word.letters.iter().copied().eq(a.bytes().map(u16::from)) {
                        self.add(&b.bytes().map(u16::from).collect::<Vec<_>>(), posting);
                    }
                }
            }
        }
        // "newyork" and "sanfrancisco" are typed without a space.
        if source == Source::Name && (2..=3).contains(&words.len()) {
            let joined: Vec<u16> =
                words.iter().flat_map(|word: &Word| &word.letters).copied().collect();
            self.add(&joined[..joined.len().min(LETTERS_MAX)], Posting::new(place, source, 0));
        }
    }

    fn add(&mut self, letters: &[u16], posting: Posting) {
        let id = match self.ids.get(letters) {
            Some(&id) => id,
            None => {
                let id = self.ids.len() as u32;
                self.ids.insert(letters.into(), id);
                id
            }
        };
        self.rows.push((id, posting));
    }

    fn finish(self, atlas: &Atlas) -> Index {
        let mut sorted: Vec<(Box<[u16]>, u32)> = self.ids.into_iter().collect();
        sorted.sort_unstable();
        let mut rank = vec![0_u32; sorted.len()];
        let mut words = WordTable::default();
        for (index, (letters, id)) in sorted.iter().enumerate() {
            rank[*id as usize] = index as u32;
            words.push(letters);
        }
        let mut rows = self.rows;
        rows.iter_mut().for_each(|row| row.0 = rank[row.0 as usize]);
        rows.sort_unstable();
        rows.dedup();
        let mut ends = vec![0_u32; words.len()];
        for (index, row) in rows.iter().enumerate() {
            ends[row.0 as usize] = index as u32 + 1;
        }
        // A word that lost its postings has none: it ends where the one before it ends.
        for index in 1..ends.len() {
            ends[index] = ends[index].max(ends[index - 1]);
        }
        let (mut common, mut common_words) = (WordTable::default(), Vec::new());
        for rows in rows.chunk_by(|a, b| a.0 == b.0) {
            if rows.iter().any(|row| row.1.may_be_misspelt(atlas)) {
                common.push(words.word(rows[0].0 as usize));
                common_words.push(rows[0].0);
            }
        }
        let postings = rows.into_iter().map(|row| row.1).collect();
        Index { words, common, common_words, postings, ends }
    }
}
