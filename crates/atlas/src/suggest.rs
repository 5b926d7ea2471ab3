//! Finds the places a traveller means while they type.
//!
//! ```text
//! term ──fold──▶ words ──▶ stored words that start so ──▶ places that match all words
//!                    └──▶ if nothing fits: stored words within 1-2 edits
//! places ──▶ score = how well it matches + how popular it is ──▶ the best, cities first
//! ```
//!
//! A place is found by its code, by the start of any word of its names in some forty languages, by
//! its region, and by its country beside another word. An airport is found by its city's names too
//! and never stands before its city. Limits: the first 64 characters and 6 words of a term count;
//! at most 50 suggestions. Cost: tens of microseconds; below a millisecond with misspellings.

mod fold;
mod hierarchy;
mod index;
mod near;
mod search;
mod words;

use domain::CountryCode;

use crate::book::Atlas;
use crate::place::PlaceRef;

pub(crate) use index::Index;

/// Characters of a term that count.
const TERM_CHARS_MAX: usize = 64;
/// Words of a term that count.
const TERM_WORDS_MAX: usize = 6;
/// Suggestions given at most.
pub const SUGGESTIONS_MAX: usize = 50;

/// Kinds of places to suggest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// Cities.
    pub const CITIES: Self = Self(1);
    /// Airports.
    pub const AIRPORTS: Self = Self(2);
    /// Countries.
    pub const COUNTRIES: Self = Self(4);
    /// Cities and airports: what a flight can be searched from and to.
    pub const SEARCHABLE: Self = Self(3);
    /// All kinds.
    pub const ALL: Self = Self(7);

    /// No kind, to add to.
    pub const NONE: Self = Self(0);

    /// These kinds and those.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of those are among these.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What to suggest.
#[derive(Clone, Copy, Debug)]
pub struct SuggestOptions {
    /// Suggestions wanted, at most [`SUGGESTIONS_MAX`].
    pub limit: usize,
    /// Kinds of places wanted.
    pub kinds: Kinds,
    /// Places in this country are preferred a little.
    pub market: Option<CountryCode>,
    /// Leaves out an airport that is the only one of a suggested city: both mean the same.
    pub merge_single_airports: bool,
}

impl Default for SuggestOptions {
    fn default() -> Self {
        Self { limit: 10, kinds: Kinds::SEARCHABLE, market: None, merge_single_airports: false }
    }
}

/// A suggested place.
#[derive(Clone, Debug)]
pub struct Suggestion<'a> {
    /// The place.
    pub place: PlaceRef<'a>,
    /// How good it is; suggestions stand best first.
    pub score: f32,
    /// The place with where it lies, see [`Atlas::hierarchy`].
    pub hierarchy: String,
    /// Parts of `hierarchy` that were typed: `[start, end)` in characters. Empty if the place was
    /// found by another name or a misspelling.
    pub matched: Vec<(u32, u32)>,
}

impl Atlas {
    /// The places a typed term may mean, best first; without a term the most popular places.
    #[must_use]
    pub fn suggest(&self, term: &str, options: &SuggestOptions) -> Vec<Suggestion<'_>> {
        let end = term.char_indices().nth(TERM_CHARS_MAX).map_or(term.len(), |(at, _)| at);
        let typed = fold::words(&term[..end], TERM_WORDS_MAX, near::LETTERS_MAX);
        let found = if typed.is_empty() {
            search::popular(self, options)
        } else {
            search::search(self, self.suggest_index(), &typed, options)
        };
        let suggestion = |(place, score)| {
            let hierarchy = self.hierarchy(place);
            let matched = hierarchy::matched(&hierarchy, &typed);
            Suggestion { place, score, hierarchy, matched }
        };
        found.into_iter().map(suggestion).collect()
    }
}
