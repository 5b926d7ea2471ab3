//! Sorted words, stored end to end, with how much each shares with the word before.

/// A sorted table of words in folded letters.
#[derive(Debug, Default)]
pub(crate) struct WordTable {
    letters: Vec<u16>,
    ends: Vec<u32>,
    /// Letters in common with the word before, at most 255.
    shared: Vec<u8>,
}

impl WordTable {
    /// Adds a word, which must sort behind all others.
    pub(crate) fn push(&mut self, word: &[u16]) {
        let before = self.len().checked_sub(1).map_or(&[][..], |last| self.word(last));
        debug_assert!(before < word, "words are pushed in order");
        let shared = before.iter().zip(word).take_while(|(a, b)| a == b).count();
        self.shared.push(shared.min(255) as u8);
        self.letters.extend_from_slice(word);
        self.ends.push(self.letters.len() as u32);
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The letters of a word.
    pub(crate) fn word(&self, index: usize) -> &[u16] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.letters[start..self.ends[index] as usize]
    }

    /// Letters a word has in common with the one before.
    pub(crate) fn shared(&self, index: usize) -> usize {
        self.shared[index] as usize
    }

    /// End of the run of words from `index` on that have `depth` letters in common with the word
    /// before it.
    pub(crate) fn run_end(&self, index: usize, depth: usize) -> usize {
        let rest = &self.shared[index..];
        index + rest.iter().position(|&shared| (shared as usize) < depth).unwrap_or(rest.len())
    }

    /// The words that start with these letters.
    pub(crate) fn starting_with(&self, start: &[u16]) -> std::ops::Range<usize> {
        let first = self.partition(|word| word < start);
        let end = self.partition(|word| word < start || word.starts_with(start));
        first..end
    }

    /// Number of words for which `before` holds; those must come first.
    pub(crate) fn partition(&self, before: impl Fn(&[u16]) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if before(self.word(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_a_beginning_are_one_range() {
        let mut table = WordTable::default();
        for word in ["lima", "lon", "london", "long", "lyon"] {
            table.push(&word.encode_utf16().collect::<Vec<_>>());
        }
        let range = |start: &str| table.starting_with(&start.encode_utf16().collect::<Vec<_>>());
        assert_eq!(range("lon"), 1..4);
        assert_eq!(range("l"), 0..5);
        assert_eq!(range("x"), 5..5);
        assert_eq!(range(""), 0..5);
        assert_eq!(table.shared(2), 3);
        assert_eq!(table.run_end(2, 3), 4);
    }
}
