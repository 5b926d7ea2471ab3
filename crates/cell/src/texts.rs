//! The page's dictionaries, for what the service itself says to people.
//!
//! The same files as the page reads, `web/locales/<language>.json`, parsed once. Plurals are the page's
//! affair; what is said here needs none.

use std::sync::{LazyLock, OnceLock};

use serde_json::{Map, Value};

use crate::assets;

/// Languages with a dictionary, English first, and whether they are written from right to left.
const LANGUAGES: [(&str, bool); 4] = [("en", false), ("zh", false), ("ar", true), ("de", false)];

/// The dictionary of one language.
#[derive(Debug)]
pub(crate) struct Texts {
    pub(crate) language: &'static str,
    pub(crate) right_to_left: bool,
    words: Map<String, Value>,
}

impl Texts {
    /// The dictionary of a locale's language, if there is one.
    pub(crate) fn of(locale: &str) -> Option<&'static Self> {
        static ALL: OnceLock<Vec<Texts>> = OnceLock::new();
        let all = ALL.get_or_init(|| LANGUAGES.into_iter().filter_map(read).collect());
        let language = locale.split(['-', '_']).next().unwrap_or_default();
        all.iter().find(|texts| texts.language.eq_ignore_ascii_case(language))
    }

    /// The first language of an `Accept-Language` header that has a dictionary. Browsers name them in
    /// order of preference.
    pub(crate) fn accepted(header: &str) -> Option<&'static Self> {
        header.split(',').find_map(|one| Self::of(one.split(';').next().unwrap_or_default().trim()))
    }

    /// The language everybody falls back to.
    pub(crate) fn english() -> &'static Self {
        static NONE: LazyLock<Texts> =
            LazyLock::new(|| Texts { language: "en", right_to_left: false, words: Map::new() });
        Self::of("en").unwrap_or(&NONE)
    }

    /// A sentence; its key if there is none.
    pub(crate) fn say<'a>(&'a self, key: &'a str) -> &'a str {
        self.words.get(key).and_then(Value::as_str).unwrap_or(key)
    }
}

fn read((language, right_to_left): (&'static str, bool)) -> Option<Texts> {
    let bytes = assets::file(&format!("/locales/{language}.json"))?;
    let words = serde_json::from_slice(bytes).ok()?;
    Some(Texts { language, right_to_left, words })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_of_the_page_has_its_dictionary() {
        for (language, right_to_left) in LANGUAGES {
            let texts = Texts::of(&format!("{language}-XX")).unwrap();
            assert_eq!((texts.language, texts.right_to_left), (language, right_to_left));
            assert_ne!(texts.say("state.again"), "state.again");
        }
        assert!(Texts::of("fr-FR").is_none());
    }

    #[test]
    fn the_first_accepted_language_with_a_dictionary_is_spoken() {
        let language = |header| Texts::accepted(header).map(|texts| texts.language);
        assert_eq!(language("fr-FR, de;q=0.8, en;q=0.7"), Some("de"));
        assert_eq!(language("zh-Hans-CN"), Some("zh"));
        assert_eq!(language("fr, *;q=0.1"), None);
    }
}
