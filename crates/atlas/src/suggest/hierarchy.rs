//! The line that shows a place with where it lies, and which parts of it the traveller typed.

use super::fold::{Word, words};
use crate::book::Atlas;
use crate::place::PlaceRef;

/// Words of a shown line that are looked at.
const LINE_WORDS_MAX: usize = 32;

impl Atlas {
    /// A place with where it lies: `London Heathrow (LHR), London|England|United Kingdom`.
    #[must_use]
    pub fn hierarchy(&self, place: PlaceRef<'_>) -> String {
        let country = |code| self.country(code).map_or("", |country| country.name);
        match place {
            PlaceRef::Airport(airport) => {
                let (city, region) =
                    self.city(airport.city).map_or(("", ""), |city| (city.name, city.region));
                let above = [city, region, country(airport.country)];
                format!("{} ({}), {}", airport.name, airport.code, joined(&above))
            }
            PlaceRef::City(city) => {
                let region = if city.region == city.name { "" } else { city.region };
                format!(
                    "{} ({}), {}",
                    city.name,
                    city.code,
                    joined(&[region, country(city.country)])
                )
            }
            PlaceRef::Country(country) => country.name.to_owned(),
            PlaceRef::Continent(continent) => continent.name.to_owned(),
        }
    }
}

/// The parts that say something new, with `|` between.
fn joined(parts: &[&str]) -> String {
    let mut line = String::new();
    let mut before = "";
    for &part in parts {
        if !part.is_empty() && part != before {
            if !line.is_empty() {
                line.push('|');
            }
            line.push_str(part);
            before = part;
        }
    }
    line
}

/// Parts of the line that match typed words: `[start, end)` in characters, ascending, apart.
pub(crate) fn matched(line: &str, typed: &[Word]) -> Vec<(u32, u32)> {
    let line = words(line, LINE_WORDS_MAX, usize::MAX);
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < line.len() {
        let run = (0..typed.len()).map(|from| run(&line[at..], &typed[from..]));
        // The first of the longest runs.
        let (count, end) = run.rev().max_by_key(|run| run.0).unwrap_or((0, 0));
        if count > 0 {
            ranges.push((line[at].origins[0], end));
        }
        at += count.max(1);
    }
    ranges
}

/// How many words of the line are typed one after the other, and where the last match ends.
fn run(line: &[Word], typed: &[Word]) -> (usize, u32) {
    let (mut count, mut end) = (0, 0);
    for (word, typed) in line.iter().zip(typed) {
        if !word.letters.starts_with(&typed.letters) {
            break;
        }
        count += 1;
        end = word.origins[typed.letters.len() - 1] + 1;
        if word.letters.len() > typed.letters.len() {
            break;
        }
    }
    (count, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, typed: &str, expected: &[(u32, u32)]) {
        assert_eq!(matched(line, &words(typed, 6, 32)), expected, "{typed}");
    }

    #[test]
    fn what_was_typed_is_found_in_the_line_word_by_word() {
        let heathrow = "London Heathrow (LHR), London|England|United Kingdom";
        check(heathrow, "London Hea", &[(0, 10), (23, 29)]);
        check(heathrow, "lhr", &[(17, 20)]);
        check(heathrow, "heathrow london", &[(0, 6), (7, 15), (23, 29)]);
        check(heathrow, "x", &[]);
        check(heathrow, "", &[]);
        let glasgow = "Glasgow International (GLA), Glasgow|Scotland|United Kingdom";
        check(glasgow, "glas", &[(0, 4), (29, 33)]);
    }

    #[test]
    fn ranges_count_characters_and_survive_marks() {
        check("Zürich (ZRH), Zürich|Switzerland", "zuri", &[(0, 4), (14, 18)]);
        check("Straße (XXX), Land", "strass", &[(0, 5)]);
        check("東京 (TYO), 日本", "東", &[(0, 1)]);
    }
}
