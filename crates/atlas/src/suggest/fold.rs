//! One form for all spellings of a word: what is typed and what is stored are compared in it.
//!
//! Latin, Greek and Cyrillic letters become plain lower-case Latin ones ("Köln" and "Кёльн" are
//! found by "koln"), because people type them on foreign keyboards. Other scripts keep their
//! letters; only marks and variants that keyboards leave out are dropped.

/// A folded word, and for each of its letters the index of the character it came from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) letters: Vec<u16>,
    pub(crate) origins: Vec<u32>,
}

/// The words of a text, at most `words_max` of at most `letters_max` letters.
pub(crate) fn words(text: &str, words_max: usize, letters_max: usize) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word = Word::default();
    for (index, char) in text.chars().enumerate() {
        match fold(char) {
            Folded::Between => {
                if !word.letters.is_empty() {
                    words.push(std::mem::take(&mut word));
                    if words.len() == words_max {
                        return words;
                    }
                }
            }
            Folded::Nothing => {}
            Folded::Latin(latin) => {
                for letter in latin.bytes().filter(u8::is_ascii_alphanumeric) {
                    word.push(u16::from(letter.to_ascii_lowercase()), index, letters_max);
                }
            }
            Folded::Letter(letter) => {
                let mut units = [0; 2];
                for &mut unit in letter.encode_utf16(&mut units) {
                    word.push(unit, index, letters_max);
                }
            }
        }
    }
    if !word.letters.is_empty() {
        words.push(word);
    }
    words
}

impl Word {
    fn push(&mut self, letter: u16, index: usize, letters_max: usize) {
        if self.letters.len() < letters_max {
            self.letters.push(letter);
            self.origins.push(index as u32);
        }
    }
}

enum Folded {
    /// Ends a word.
    Between,
    /// Belongs to a word, but is not written by everyone.
    Nothing,
    /// Written with these Latin letters.
    Latin(&'static str),
    /// A letter of another script.
    Letter(char),
}

fn fold(char: char) -> Folded {
    match char {
        // Apostrophes inside names, combining marks, Arabic vowel signs and the joiners of scripts.
        '\'' | '\u{2019}' | '\u{2018}' | '\u{2bb}' | '\u{2bc}' | '\u{2b9}' | '`' => Folded::Nothing,
        '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{640}' | '\u{64b}'..='\u{65f}' => {
            Folded::Nothing
        }
        '\u{200b}'..='\u{200f}' => Folded::Nothing,
        'آ' | 'أ' | 'إ' => Folded::Letter('ا'),
        'ة' => Folded::Letter('ه'),
        'ى' | 'ی' => Folded::Letter('ي'),
        'ک' => Folded::Letter('ك'),
        // Latin, Greek, Cyrillic and their extensions, and Latin letters of full width.
        '\0'..='\u{52f}' | '\u{1e00}'..='\u{1fff}' | '\u{ff10}'..='\u{ff5a}' => {
            match deunicode::deunicode_char(char) {
                Some(latin) if char.is_alphanumeric() => Folded::Latin(latin),
                _ => Folded::Between,
            }
        }
        '\u{2000}'..='\u{206f}'
        | '\u{3000}'..='\u{303f}'
        | '\u{30fb}'
        | '\u{ff00}'..='\u{ff0f}' => Folded::Between,
        _ if char.is_whitespace() => Folded::Between,
        _ => Folded::Letter(char),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn folded(text: &str) -> Vec<String> {
        words(text, 8, 32).iter().map(|word| String::from_utf16_lossy(&word.letters)).collect()
    }

    #[test]
    fn spellings_of_one_name_fold_alike() {
        assert_eq!(folded("Köln"), folded("koln"));
        assert_eq!(folded("São Paulo"), ["sao", "paulo"]);
        assert_eq!(folded("Zürich"), folded("Zu\u{308}rich"));
        assert_eq!(folded("Лондон"), ["london"]);
        assert_eq!(folded("O'Hare"), folded("O\u{2019}Hare"));
        assert_eq!(folded("Xi'an"), ["xian"]);
        assert_eq!(folded("إسطنبول"), folded("اسطنبول"));
        assert_eq!(folded("東京"), ["東京"]);
        assert_eq!(folded("ロンドン・ヒースロー空港"), ["ロンドン", "ヒースロー空港"]);
        assert_eq!(folded("Paris-Orly / (ORY)"), ["paris", "orly", "ory"]);
        assert_eq!(folded("ＬＨＲ"), ["lhr"]);
        assert!(folded(" -/ ").is_empty());
    }

    proptest! {
        #[test]
        fn no_text_makes_folding_panic_or_exceed_its_limits(text in any::<String>()) {
            let words = words(&text, 3, 10);
            prop_assert!(words.len() <= 3);
            for word in words {
                prop_assert!((1..=10).contains(&word.letters.len()));
                prop_assert_eq!(word.letters.len(), word.origins.len());
                prop_assert!(word.origins.is_sorted());
            }
        }
    }
}
