//! What decoder tests share: the corpus, its context, and an answer as lines one can read.

use std::collections::BTreeMap;
use std::path::Path;

use domain::{BagAllowance, Question};

use crate::fuzz;
use crate::protocol::{DecodeContext, Decoded, OFFERS_MAX};
use crate::settings::PartnerSettings;

/// The corpus question and partner.
pub(crate) struct World {
    pub(crate) question: Question,
    pub(crate) settings: PartnerSettings,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { question: fuzz::question(), settings: fuzz::settings().unwrap() }
    }

    pub(crate) fn context(&self) -> DecodeContext<'_> {
        DecodeContext {
            question: &self.question,
            settings: &self.settings,
            decimals: fuzz::decimals,
            offers_max: OFFERS_MAX,
        }
    }
}

/// One document of the corpus.
pub(crate) fn document(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(path)).unwrap()
}

/// All documents of one folder, by name.
pub(crate) fn folder(name: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

/// One line per offer, then one per offer left out.
pub(crate) fn show(decoded: &Decoded) -> String {
    let Decoded { answer, unread } = decoded;
    let mut lines = String::new();
    for offer in answer.offers() {
        let legs = answer.legs_of(offer.itinerary).map(|leg| {
            let flights = leg.map(|segment| {
                let operating = if segment.operating == segment.carrier {
                    String::new()
                } else {
                    format!("/{}", segment.operating)
                };
                format!("{}{operating}{}", segment.carrier, segment.number)
            });
            flights.collect::<Vec<_>>().join("+")
        });
        let bags = |bags| match bags {
            BagAllowance::Unknown => "?".to_owned(),
            BagAllowance::Included(pieces) => pieces.to_string(),
        };
        let fares = answer.fares_of(offer).iter().map(|fare| {
            let class = if fare.booking_class == 0 { '-' } else { fare.booking_class as char };
            format!("{class}:{}", answer.text(fare.basis))
        });
        let price = offer.price.map_or_else(String::new, |price| price.to_string());
        lines.push_str(&format!(
            "{} | {price} {} {:?} bags {}+{} brand {:?} {} g | {} | {}\n",
            legs.collect::<Vec<_>>().join(" "),
            offer.agent,
            offer.transfer,
            bags(offer.cabin_bags),
            bags(offer.checked_bags),
            answer.text(offer.brand),
            offer.emissions_grams,
            fares.collect::<Vec<_>>().join(" "),
            answer.text(offer.link),
        ));
    }
    if unread.count > 0 {
        lines.push_str(&format!("left out {}\n", unread.count));
    }
    for offer in &unread.first {
        lines.push_str(&format!("{} {}\n", offer.path, offer.reason.code()));
    }
    lines
}

/// Bytes changed in a few places: what a damaged or hostile document looks like.
pub(crate) fn mutate(bytes: &[u8], changes: &[(usize, u8, u8)]) -> Vec<u8> {
    const WORDS: [&[u8]; 12] = [
        b"null",
        b"{",
        b"[",
        b"}",
        b"]",
        b"\"",
        b"\\u0000",
        b"-1e999",
        b"\xFF\xFE",
        b",",
        b"99999999999999999999",
        b"true",
    ];
    let mut bytes = bytes.to_vec();
    for &(at, kind, value) in changes {
        if bytes.is_empty() {
            return bytes;
        }
        let at = at % bytes.len();
        match kind % 5 {
            0 => bytes[at] = value,
            1 => bytes.truncate(at),
            2 => drop(bytes.remove(at)),
            3 => {
                let word = WORDS[value as usize % WORDS.len()];
                bytes.splice(at..at, word.iter().copied());
            }
            _ => {
                let end = (at + 1 + value as usize).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}
