//! Where a traveller buys an offer: a URL with places to fill.
//!
//! `https://book.example/{offer_id}?from={origin}` is cut into pieces once, when settings are read;
//! each offer fills them with percent-encoded values. No value can leave its place: everything but
//! letters, digits and `-._~` is encoded.

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

    /// Fills the places that are the same for all offers of one answer.
    #[must_use]
    pub fn prepare(&self, question: &Question) -> PreparedLink {
        let first = question.legs.first();
        let mut pieces = Vec::new();
        let mut text = String::new();
        for (before, place) in &self.pieces {
            text.push_str(before);
            let fixed = match place {
                None => continue,
                Some(Place::OfferId) => Err(OfPlace::OfferId),
                Some(Place::Amount) => Err(OfPlace::Amount),
                Some(Place::Currency) => Err(OfPlace::Currency),
                Some(Place::Origin) => Ok(first.map(|leg| leg.origin.asked.iata())),
                Some(Place::Destination) => Ok(first.map(|leg| leg.destination.asked.iata())),
                Some(Place::Date) => Ok(first.map(|leg| leg.date.to_string())),
                Some(Place::ReturnDate) => Ok(question.legs.get(1).map(|leg| leg.date.to_string())),
            };
            match fixed {
                Ok(value) => text.push_str(&value.unwrap_or_default()),
                Err(of) => pieces.push((std::mem::take(&mut text), of)),
            }
        }
        PreparedLink { pieces, end: text }
    }
}

/// What differs from offer to offer.
#[derive(Clone, Copy, Debug)]
enum OfPlace {
    OfferId,
    Amount,
    Currency,
}

/// A template whose question is known.
#[derive(Clone, Debug)]
pub struct PreparedLink {
    pieces: Vec<(String, OfPlace)>,
    end: String,
}

impl PreparedLink {
    /// Writes the link of one offer; `into` is cleared first. Cost: no allocation once `into` has
    /// grown.
    pub fn render(&self, values: LinkValues<'_>, into: &mut String) {
        into.clear();
        for (before, of) in &self.pieces {
            into.push_str(before);
            match of {
                OfPlace::OfferId => push_encoded(into, values.offer_id),
                OfPlace::Amount => push_encoded(into, values.amount),
                OfPlace::Currency => {
                    into.push_str(str::from_utf8(&values.currency).unwrap_or_default());
                }
            }
        }
        into.push_str(&self.end);
    }
}

fn push_encoded(into: &mut String, value: &str) {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    // Almost always nothing needs encoding.
    if value.bytes().all(plain) {
        into.push_str(value);
    } else {
        into.extend(utf8_percent_encode(value, UNRESERVED));
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
    // Of an address of IPv6 the colons within the brackets are none of a port.
    let port = host.rsplit_once(']').map_or(host, |(_, rest)| rest).split_once(':');
    let reachable = port.is_none_or(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0));
    (plain && reachable).then_some(host)
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
        template.prepare(&question()).render(values, &mut link);
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
