//! Which stored words are within a few edits of a typed one, or start within them.
//!
//! A bit-parallel automaton (Wu and Manber's, with transpositions) runs over the sorted words; bit
//! `i` of `reached[k]` says that the first `i` letters are matched with `k` edits. Neighbouring
//! words share their first letters, so each shared prefix is walked once, and once no bit is left
//! all words with that prefix are skipped. Cost: some 100 microseconds for 100,000 words.

use super::words::WordTable;

/// Edits looked for at most.
pub(crate) const EDITS_MAX: usize = 2;
/// Letters of a typed word that count.
pub(crate) const LETTERS_MAX: usize = 32;

/// How near a stored word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Near {
    /// Index of the word.
    pub(crate) word: usize,
    /// Edits between the whole words, if few enough.
    pub(crate) whole: Option<u8>,
    /// Edits between the typed word and the best beginning of the stored one.
    pub(crate) start: u8,
}

/// Edits that a typed word may have: none below four letters, one below seven, else two.
pub(crate) const fn edits_allowed(letters: usize) -> usize {
    match letters {
        0..4 => 0,
        4..7 => 1,
        _ => EDITS_MAX,
    }
}

#[derive(Clone, Copy, Default)]
struct State {
    reached: [u64; EDITS_MAX + 1],
    /// States from which the last letter, swapped with the next one, matches.
    swapped: [u64; EDITS_MAX],
    /// Least edits with which the typed word ended on the way here.
    start: Option<u8>,
}

/// Calls `found` for every stored word whose beginning is within `edits` of the typed one.
pub(crate) fn near(table: &WordTable, typed: &[u16], edits: usize, mut found: impl FnMut(Near)) {
    let typed = &typed[..typed.len().min(LETTERS_MAX)];
    let edits = edits.min(EDITS_MAX);
    let masks = Masks::new(typed);
    let mut stack = vec![State::start(edits, typed.len())];
    // Depth at which the walk of the word before came to an end, if it did.
    let mut dead: Option<usize> = None;
    let mut index = 0;
    while index < table.len() {
        let shared = table.shared(index);
        if let Some(depth) = dead
            && shared >= depth
        {
            // The same beginning: dead as well, and as near as the word before.
            let start = stack[depth].start;
            let end = table.run_end(index, depth);
            if let Some(start) = start {
                (index..end).for_each(|word| found(Near { word, whole: None, start }));
            }
            index = end;
            continue;
        }
        stack.truncate(shared + 1);
        dead = None;
        let letters = table.word(index);
        for &letter in &letters[stack.len() - 1..] {
            let before = stack[stack.len() - 1];
            let after = before.step(masks.of(letter), edits, typed.len());
            stack.push(after);
            if after.reached[edits] == 0 {
                dead = Some(stack.len() - 1);
                break;
            }
        }
        let last = stack[stack.len() - 1];
        if let Some(start) = last.start {
            let whole = if dead.is_none() { last.ended(edits, typed.len()) } else { None };
            found(Near { word: index, whole, start });
        }
        index += 1;
    }
}

impl State {
    fn start(edits: usize, typed: usize) -> Self {
        let mut state = Self::default();
        for k in 0..=edits {
            // Leaving out the first k typed letters costs k edits.
            state.reached[k] = (1 << (k + 1)) - 1;
        }
        state.start = state.ended(edits, typed);
        state
    }

    /// The state after one more letter, whose places in the typed word are `mask`.
    fn step(self, mask: u64, edits: usize, typed: usize) -> Self {
        let old = &self.reached;
        let mut next = Self { start: self.start, ..Self::default() };
        next.reached[0] = (old[0] & mask) << 1;
        for k in 1..=edits {
            next.reached[k] = ((old[k] & mask) << 1)
                | old[k - 1] // a letter too many
                | (old[k - 1] << 1) // another letter
                | (next.reached[k - 1] << 1) // a letter too few
                | ((self.swapped[k - 1] & mask) << 2); // two letters swapped
            next.swapped[k - 1] = old[k - 1] & (mask >> 1);
        }
        let within = (2_u64 << typed) - 1;
        next.reached.iter_mut().for_each(|reached| *reached &= within);
        next.start = match (next.start, next.ended(edits, typed)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        next
    }

    /// Edits with which the whole typed word is matched here.
    fn ended(&self, edits: usize, typed: usize) -> Option<u8> {
        (0..=edits).find(|&k| self.reached[k] >> typed & 1 == 1).map(|k| k as u8)
    }
}

/// Places of each letter in the typed word.
struct Masks {
    ascii: [u64; 128],
    others: Vec<(u16, u64)>,
}

impl Masks {
    fn new(typed: &[u16]) -> Self {
        let mut masks = Self { ascii: [0; 128], others: Vec::new() };
        for (index, &letter) in typed.iter().enumerate() {
            let bit = 1_u64 << index;
            if let Some(mask) = masks.ascii.get_mut(letter as usize) {
                *mask |= bit;
            } else if let Some(row) = masks.others.iter_mut().find(|row| row.0 == letter) {
                row.1 |= bit;
            } else {
                masks.others.push((letter, bit));
            }
        }
        masks
    }

    fn of(&self, letter: u16) -> u64 {
        match self.ascii.get(letter as usize) {
            Some(&mask) => mask,
            None => self.others.iter().find(|row| row.0 == letter).map_or(0, |row| row.1),
        }
    }
}

#[cfg(test)]
mod tests;
