//! Which stored words are within a few edits of a typed one, or start within them.
//!
//! A bit-parallel automaton (Wu and Manber's, with transpositions) runs over the sorted words; bit
//! `i` of `reached[k]` says that the first `i` letters are matched with `k` edits. Neighbouring
//! words share their first letters, so each shared prefix is walked once, and once no bit is left
//! all words with that prefix are skipped. Cost: some 100 microseconds for one edit and 300 for two
//! in 30,000 words.

use std::ops::Range;

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

#[derive(Clone, Copy)]
struct State<const EDITS: usize> {
    /// Matched with no edit.
    exact: u64,
    /// Matched with one edit more than the index.
    edited: [u64; EDITS],
    /// States from which the last letter, swapped with the next one, matches.
    swapped: [u64; EDITS],
    /// Least edits with which the typed word ended on the way here.
    start: Option<u8>,
}

/// Calls `found` for every stored word out of `range` whose beginning is within `edits` of the
/// typed one.
pub(crate) fn near(
    table: &WordTable,
    range: Range<usize>,
    typed: &[u16],
    edits: usize,
    found: impl FnMut(Near),
) {
    let typed = &typed[..typed.len().min(LETTERS_MAX)];
    match edits {
        0 => walk::<0>(table, range, typed, found),
        1 => walk::<1>(table, range, typed, found),
        _ => walk::<EDITS_MAX>(table, range, typed, found),
    }
}

fn walk<const EDITS: usize>(
    table: &WordTable,
    range: Range<usize>,
    typed: &[u16],
    mut found: impl FnMut(Near),
) {
    let masks = Masks::new(typed);
    let mut stack = vec![State::<EDITS>::start(typed.len())];
    // Depth at which the walk of the word before came to an end, if it did.
    let mut dead: Option<usize> = None;
    let mut index = range.start;
    while index < range.end {
        let shared = if index == range.start { 0 } else { table.shared(index) };
        if let Some(depth) = dead
            && shared >= depth
        {
            // The same beginning: dead as well, and as near as the word before.
            let start = stack[depth].start;
            let end = table.run_end(index, depth).min(range.end);
            if let Some(start) = start {
                (index..end).for_each(|word| found(Near { word, whole: None, start }));
            }
            index = end;
            continue;
        }
        stack.truncate(shared + 1);
        dead = None;
        let letters = table.word(index);
        let mut last = stack[stack.len() - 1];
        for &letter in &letters[stack.len() - 1..] {
            last = last.step(masks.of(letter), typed.len());
            stack.push(last);
            if last.is_dead() {
                dead = Some(stack.len() - 1);
                break;
            }
        }
        if let Some(start) = last.start {
            let whole = if dead.is_none() { last.ended(typed.len()) } else { None };
            found(Near { word: index, whole, start });
        }
        index += 1;
    }
}

impl<const EDITS: usize> State<EDITS> {
    fn start(typed: usize) -> Self {
        // Leaving out the first k typed letters costs k edits.
        let edited = std::array::from_fn(|k| (1 << (k + 2)) - 1);
        let mut state = Self { exact: 1, edited, swapped: [0; EDITS], start: None };
        state.start = state.ended(typed);
        state
    }

    /// The state after one more letter, whose places in the typed word are `mask`.
    #[inline]
    fn step(self, mask: u64, typed: usize) -> Self {
        let within = (2_u64 << typed) - 1;
        let mut next = Self { exact: (self.exact & mask) << 1, ..self };
        let (mut before, mut before_next) = (self.exact, next.exact);
        for k in 0..EDITS {
            next.edited[k] = within
                & (((self.edited[k] & mask) << 1)
                    | before // a letter too many
                    | (before << 1) // another letter
                    | (before_next << 1) // a letter too few
                    | ((self.swapped[k] & mask) << 2)); // two letters swapped
            next.swapped[k] = before & (mask >> 1);
            (before, before_next) = (self.edited[k], next.edited[k]);
        }
        if let Some(edits) = next.ended(typed) {
            next.start = Some(self.start.map_or(edits, |start| start.min(edits)));
        }
        next
    }

    /// Whether nothing that follows can match.
    fn is_dead(&self) -> bool {
        // States with fewer edits are among those with more.
        self.edited.last().map_or(self.exact, |&most| most) == 0
    }

    /// Edits with which the whole typed word is matched here.
    #[inline]
    fn ended(&self, typed: usize) -> Option<u8> {
        if self.exact >> typed & 1 == 1 {
            return Some(0);
        }
        self.edited.iter().position(|&edited| edited >> typed & 1 == 1).map(|k| k as u8 + 1)
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
