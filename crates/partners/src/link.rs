//! Where a traveller buys an offer: a URL with places to fill.
//!
//! `https://book.example/{offer_id}?from={origin}` is cut into pieces once, when settings are read;
//! each offer fills them with percent-encoded values. No value can leave its place: everything but
//! letters, digits and `-._~` is encoded.

use std::fmt::Write as _;

use domain::Question;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;

/// Longest link, bytes.
pub const LINK_BYTES_MAX: usize = 2_048;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A place in a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    OfferId,
    Origin,
    Destination,
    Date,
    ReturnDate,
    Amount,
    Currency,
}

const PLACES: [(&str, Place); 7] = [
    ("offer_id", Place::OfferId),
    ("origin", Place::Origin),
    ("destination", Place::Destination),
    ("date", Place::Date),
    ("return_date", Place::ReturnDate),
    ("amount", Place::Amount),
    ("currency", Place::Currency),
];

/// A template is not usable.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LinkError {
    /// Not an absolute http or https URL of reasonable length.
    #[error("expected an absolute http or https URL of at most {LINK_BYTES_MAX} bytes")]
    NotAUrl,
    /// An unknown place.
    #[error(
        "unknown place {{{0}}}; allowed are {{offer_id}} {{origin}} {{destination}} {{date}} {{return_date}} {{amount}} {{currency}}"
    )]
    UnknownPlace(String),
    /// A brace without its partner.
    #[error("a brace has no partner")]
    Unbalanced,
    /// A place before the path would let an offer choose the host.
    #[error("the host must not contain a place")]
    PlaceInHost,
}

/// A URL with places to fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTemplate {
    pieces: Vec<(String, Option<Place>)>,
}

/// What one offer fills in.
#[derive(Clone, Copy, Debug)]
pub struct LinkValues<'a> {
    /// The partner's id of the offer.
    pub offer_id: &'a str,
    /// Amount as the partner quoted it.
    pub amount: &'a str,
    /// Currency code letters.
    pub currency: [u8; 3],
}

impl LinkTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// [`LinkError`] saying what is wrong.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let host = check_url(text).ok_or(LinkError::NotAUrl)?;
        if host.contains(['{', '}']) {
            return Err(LinkError::PlaceInHost);
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(open);
            let close = from.find('}').ok_or(LinkError::Unbalanced)?;
            let name = from[..close].strip_prefix('{').ok_or(LinkError::Unbalanced)?;
            let place = PLACES
                .iter()
                .find(|(known, _)| *known == name)
                .ok_or_else(|| LinkError::UnknownPlace(name.chars().take(40).collect()))?;
            pieces.push((before.to_owned(), Some(place.1)));
            rest = &from[close + 1..];
        }
        pieces.push((rest.to_owned(), None));
        Ok(Self { pieces })
    }

    /// Fills the places; `into` is cleared first. Cost: no allocation once `into` has grown.
    pub fn render(&self, question: &Question, values: LinkValues<'_>, into: &mut String) {
        into.clear();
        let first = question.legs.first();
        for (text, place) in &self.pieces {
            into.push_str(text);
            // Writing to a String cannot fail.
            let _ = match place {
                None => Ok(()),
                Some(Place::OfferId) => {
                    into.extend(utf8_percent_encode(values.offer_id, UNRESERVED));
                    Ok(())
                }
                Some(Place::Amount) => {
                    into.extend(utf8_percent_encode(values.amount, UNRESERVED));
                    Ok(())
                }
                Some(Place::Currency) => {
                    into.push_str(str::from_utf8(&values.currency).unwrap_or_default());
                    Ok(())
                }
                Some(Place::Origin) => {
                    first.map_or(Ok(()), |leg| write_place(into, leg.origin.asked))
                }
                Some(Place::Destination) => {
                    first.map_or(Ok(()), |leg| write_place(into, leg.destination.asked))
                }
                Some(Place::Date) => first.map_or(Ok(()), |leg| write!(into, "{}", leg.date)),
                Some(Place::ReturnDate) => match question.legs.get(1) {
                    Some(leg) => write!(into, "{}", leg.date),
                    None => Ok(()),
                },
            };
        }
    }
}

fn write_place(into: &mut String, place: domain::Place) -> std::fmt::Result {
    match place {
        domain::Place::Airport(code) => write!(into, "{code}"),
        domain::Place::City(code) => write!(into, "{code}"),
    }
}

/// The host part of an absolute http or https URL of printable ASCII, if it is one.
#[must_use]
pub fn check_url(text: &str) -> Option<&str> {
    if text.len() > LINK_BYTES_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let plain = !host.is_empty() && !host.contains(['@', '\\', '"', '<', '>']);
    plain.then_some(host)
}

#[cfg(test)]
mod tests {
    use domain::{
        AirportCode, Cabin, CityCode, CountryCode, Date, PlaceSet, QuestionLeg, Travellers,
    };

    use super::*;

    fn question() -> Question {
        Question {
            legs: vec![QuestionLeg {
                origin: PlaceSet {
                    asked: domain::Place::City(CityCode::literal("LON")),
                    airports: vec![AirportCode::literal("LHR")],
                },
                destination: PlaceSet {
                    asked: domain::Place::Airport(AirportCode::literal("SIN")),
                    airports: vec![AirportCode::literal("SIN")],
                },
                date: Date::from_ymd(2027, 3, 3).unwrap(),
            }],
            cabin: Cabin::Economy,
            travellers: Travellers::one_adult(),
            market: CountryCode::literal("GB"),
        }
    }

    #[test]
    fn values_are_encoded_and_stay_in_their_places() {
        let template = LinkTemplate::parse(
            "https://b.example/{offer_id}?r={origin}-{destination}&d={date}&p={amount}{currency}",
        )
        .unwrap();
        let mut link = String::new();
        let values = LinkValues { offer_id: "a/b?&ü", amount: "184.30", currency: *b"EUR" };
        template.render(&question(), values, &mut link);
        assert_eq!(link, "https://b.example/a%2Fb%3F%26%C3%BC?r=LON-SIN&d=2027-03-03&p=184.30EUR");
    }

    #[test]
    fn templates_that_could_mislead_a_traveller_are_refused() {
        let check = |text: &str, expected| assert_eq!(LinkTemplate::parse(text), Err(expected));
        check("javascript:alert(1)", LinkError::NotAUrl);
        check("https:///x", LinkError::NotAUrl);
        check("https://good.example@evil.example/", LinkError::NotAUrl);
        check("https://{offer_id}.example/", LinkError::PlaceInHost);
        check("https://a.example/{price}", LinkError::UnknownPlace("price".to_owned()));
        check("https://a.example/{date", LinkError::Unbalanced);
        check("https://a.example/date}", LinkError::Unbalanced);
    }
}
