use proptest::collection::vec;
use proptest::prelude::{prop_assert_eq, proptest};

use super::*;

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn table(words: &[String]) -> WordTable {
    let mut table = WordTable::default();
    let mut words: Vec<_> = words.iter().map(|word| units(word)).collect();
    words.sort_unstable();
    words.dedup();
    words.iter().for_each(|word| table.push(word));
    table
}

/// Edits between two words: letters too many, too few, other, or swapped with their neighbour.
fn edits(a: &[u16], b: &[u16]) -> usize {
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let other = usize::from(a[i - 1] != b[j - 1]);
            let mut least =
                (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + other);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[a.len()][b.len()]
}

proptest! {
    #[test]
    fn the_automaton_finds_exactly_what_the_definition_says(
        words in vec("[abc東]{1,7}", 1..40),
        typed in "[abc東]{1,7}",
        allowed in 0_usize..=2,
    ) {
        let table = table(&words);
        let typed = units(&typed);
        let mut expected = Vec::new();
        for index in 0..table.len() {
            let word = table.word(index);
            let start = (0..=word.len()).map(|end| edits(&word[..end], &typed)).min().unwrap();
            let whole = edits(word, &typed);
            if start <= allowed {
                let whole = (whole <= allowed).then_some(whole as u8);
                expected.push(Near { word: index, whole, start: start as u8 });
            }
        }
        let mut found = Vec::new();
        near(&table, 0..table.len(), &typed, allowed, |near| found.push(near));
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn short_words_must_be_right_and_long_ones_may_have_two_edits() {
    assert_eq!([3, 4, 6, 7, 20].map(edits_allowed), [0, 1, 1, 2, 2]);
}
