//! Reads the query of a question about remembered prices.
//!
//! `origin=EDI|city:LON|country:GB`, `destination=` likewise or `anywhere`, `out=2027-03-03|2027-03|any`,
//! `back=` likewise or `none`, `by=country|city` for anywhere, `price_max=` and `price=` minor units,
//! `market=`, `currency=`, `locale=`.

use atlas::Atlas;
use domain::{CountryCode, CurrencyCode, Date, Place};
use prices::indicative::{Ask, Month, When};

use crate::culture;
use crate::party;
use crate::refusal::Refusal;
use crate::side::{Airports, Side};
use crate::v1::pairs::{pairs, unknown, wrong};

/// A question about remembered prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) origin: Side,
    pub(super) destination: Side,
    pub(super) out: When,
    pub(super) back: Option<When>,
    /// The budget of a map; the price that a history judges.
    pub(super) price: Option<i64>,
    pub(super) market: CountryCode,
    pub(super) currency: CurrencyCode,
    pub(super) language: String,
}

impl Wanted {
    pub(super) fn airports(&self, atlas: &Atlas) -> (Airports, Airports) {
        (self.origin.airports(atlas), self.destination.airports(atlas))
    }

    /// What the index is asked, between these airports.
    pub(super) fn ask<'a>(&self, (origins, destinations): &'a (Airports, Airports)) -> Ask<'a> {
        Ask {
            market: self.market,
            origin: origins.places(),
            destination: destinations.places(),
            out: self.out,
            back: self.back,
        }
    }
}

/// Which of the questions it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Month,
    Graph,
    Explore,
    History,
}

impl Kind {
    /// The parameters it takes beside those that all take.
    const fn own(self) -> &'static [&'static str] {
        match self {
            Self::Month | Self::Graph => &[],
            Self::Explore => &["by", "price_max"],
            Self::History => &["price"],
        }
    }

    /// Reads one end; only a map leads to more than one airport or city.
    fn end(self, name: &str, value: &str, atlas: &Atlas) -> Result<Side, Refusal> {
        let wide = self == Self::Explore && name == "destination";
        let sentence = if wide { ANYWHERE } else { PLACE };
        let found = side(value, atlas).filter(|side| wide || side.is_small());
        found.ok_or_else(|| wrong(name, sentence))
    }
}

/// # Errors
/// [`Refusal`] naming the parameter that is unknown, missing or wrong.
pub(super) fn wanted(
    kind: Kind,
    query: Option<&str>,
    atlas: &Atlas,
    home: CountryCode,
) -> Result<Wanted, Refusal> {
    let (mut origin, mut destination, mut by_city) = (None, None, true);
    let mut wanted = Wanted {
        origin: Side::Anywhere { by_city },
        destination: Side::Anywhere { by_city },
        out: When::Anytime,
        back: None,
        price: None,
        market: home,
        currency: CurrencyCode::literal("EUR"),
        language: "en-GB".to_owned(),
    };
    let mut currency = None;
    for pair in pairs(query)? {
        let (name, value) = (pair.name, &*pair.value);
        let wrong = |sentence: &str| wrong(name, sentence);
        match name {
            "by" | "price" | "price_max" if !kind.own().contains(&name) => {
                return Err(unknown(name));
            }
            "origin" => origin = Some(kind.end(name, value, atlas)?),
            "destination" => destination = Some(kind.end(name, value, atlas)?),
            "out" => wanted.out = when(value).ok_or_else(|| wrong(WHEN))?,
            "back" if value == "none" => wanted.back = None,
            "back" => wanted.back = Some(when(value).ok_or_else(|| wrong(WHEN))?),
            "by" if value == "city" => by_city = true,
            "by" if value == "country" => by_city = false,
            "by" => return Err(wrong("must be city or country")),
            "price_max" | "price" => {
                let amount = value.parse().ok().filter(|amount: &i64| *amount >= 0);
                wanted.price = Some(amount.ok_or_else(|| wrong("must be a whole number"))?);
            }
            "market" => {
                wanted.market = culture::known_market(value, atlas)
                    .ok_or_else(|| wrong("must be a two-letter country code, e.g. GB"))?;
            }
            "currency" => {
                let known = value.parse().ok().filter(|&code| atlas.rates().knows(code));
                currency =
                    Some(known.ok_or_else(|| {
                        wrong("must be a currency prices can be shown in, e.g. GBP")
                    })?);
            }
            "locale" => {
                let locale = culture::read_locale(value);
                wanted.language =
                    locale.ok_or_else(|| wrong("must be a language and country, e.g. en-GB"))?;
            }
            _ => return Err(unknown(name)),
        }
    }
    let of_market = || atlas.country(wanted.market).map(|country| country.currency);
    let usable = of_market().filter(|&currency| atlas.rates().knows(currency));
    wanted.currency = currency.or(usable).unwrap_or(wanted.currency);
    (wanted.origin, wanted.destination) = ends(kind, origin, (destination, by_city), atlas)?;
    Ok(wanted)
}

/// Both ends, of which only a map's destination may be left out.
fn ends(
    kind: Kind,
    origin: Option<Side>,
    (destination, by_city): (Option<Side>, bool),
    atlas: &Atlas,
) -> Result<(Side, Side), Refusal> {
    let required = |name| Refusal::field(name, "is required");
    let origin = origin.ok_or_else(|| required("origin"))?;
    let everywhere = (kind == Kind::Explore).then_some(Side::Anywhere { by_city });
    let destination = match destination.or(everywhere).ok_or_else(|| required("destination"))? {
        Side::Anywhere { .. } => Side::Anywhere { by_city },
        side => side,
    };
    let places = (origin.place(atlas), destination.place(atlas));
    if let (Some(from), Some(to)) = places
        && from.entity_id() == to.entity_id()
    {
        return Err(wrong("destination", "must be another place than origin"));
    }
    Ok((origin, destination))
}

const PLACE: &str = "must be an airport (EDI) or a city (city:LON)";
const ANYWHERE: &str =
    "must be an airport (EDI), a city (city:LON), a country (country:GB) or anywhere";
const WHEN: &str = "must be a day (2027-03-03), a month (2027-03) or any";

fn side(text: &str, atlas: &Atlas) -> Option<Side> {
    if text == "anywhere" {
        return Some(Side::Anywhere { by_city: true });
    }
    if let Some(code) = text.strip_prefix("country:") {
        return culture::known_market(code, atlas).map(Side::Country);
    }
    let place = match text.strip_prefix("city:") {
        Some(code) => party::city_by_code(code, atlas),
        None => party::place_by_code(text, atlas),
    };
    place.map(|place| match place {
        Place::Airport(code) => Side::Airport(code),
        Place::City(code) => Side::City(code),
    })
}

fn when(text: &str) -> Option<When> {
    if text == "any" {
        return Some(When::Anytime);
    }
    if text.len() == 7 {
        let (year, month) = text.split_once('-')?;
        let month = Month::new(year.parse().ok()?, month.parse().ok()?)?;
        return Some(When::Months { first: month, last: month });
    }
    text.parse::<Date>().ok().map(When::Day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: CountryCode = CountryCode::literal("GB");

    fn read(query: &str) -> Result<Wanted, Option<String>> {
        wanted(Kind::Explore, Some(query), atlas::atlas(), GB)
            .map_err(|refusal| refusal.field_name().map(str::to_owned))
    }

    #[test]
    fn a_question_has_an_origin_and_the_rest_has_defaults() {
        let plain = read("origin=EDI").unwrap();
        assert_eq!(plain.destination, Side::Anywhere { by_city: true });
        assert_eq!((plain.out, plain.back), (When::Anytime, None));
        assert_eq!(plain.currency.to_string(), "GBP");
        let other =
            read("origin=city:LON&destination=anywhere&by=country&market=DE&back=any").unwrap();
        assert_eq!(other.destination, Side::Anywhere { by_city: false });
        assert_eq!(other.currency.to_string(), "EUR");
        assert_eq!(other.back, Some(When::Anytime));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, field) in [
            ("", "origin"),
            ("origin=XQX", "origin"),
            ("origin=EDI&destination=country:XX", "destination"),
            ("origin=EDI&out=2027-13", "out"),
            ("origin=EDI&back=2027-02-30", "back"),
            ("origin=EDI&by=street", "by"),
            ("origin=EDI&price_max=-1", "price_max"),
            ("origin=EDI&currency=XXX", "currency"),
            ("origin=EDI&market=zz", "market"),
            ("origin=EDI&locale=english", "locale"),
            ("origin=EDI&origin=LHR", "origin"),
            ("origin=EDI&destination=EDI", "destination"),
            ("origin=city:LON&destination=city:LON", "destination"),
            ("origin=EDI&out=", "out"),
            ("origin=EDI&currency=", "currency"),
        ] {
            assert_eq!(read(query), Err(Some(field.to_owned())), "{query}");
        }
        assert_eq!(read("origin=EDI&colour=red"), Err(Some("colour".to_owned())));
    }

    #[test]
    fn a_question_takes_only_what_means_something_to_it() {
        let refused = |kind, query: &str| {
            wanted(kind, Some(query), atlas::atlas(), GB)
                .err()
                .and_then(|refusal| refusal.field_name().map(str::to_owned))
        };
        let trip = "origin=EDI&destination=SIN";
        for (kind, own) in [
            (Kind::Month, vec![]),
            (Kind::Graph, vec![]),
            (Kind::Explore, vec!["by=city", "price_max=1"]),
            (Kind::History, vec!["price=1"]),
        ] {
            for parameter in ["by=city", "price_max=1", "price=1"] {
                let name = parameter.split('=').next().unwrap().to_owned();
                let expected = (!own.contains(&parameter)).then_some(name);
                assert_eq!(refused(kind, &format!("{trip}&{parameter}")), expected, "{kind:?}");
            }
            let wide = refused(kind, "origin=EDI&destination=country:SG");
            assert_eq!(wide.is_none(), kind == Kind::Explore, "{kind:?}");
            assert_eq!(refused(kind, "origin=country:GB&destination=SIN").unwrap(), "origin");
        }
    }
}
