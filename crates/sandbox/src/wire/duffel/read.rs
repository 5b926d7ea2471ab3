//! The body of a Duffel offer request.

use domain::{Cabin, Question, QuestionLeg, Travellers};
use serde::Deserialize;

use crate::asked;
use crate::offer::Shelf;
use crate::seller::Seller;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    slices: Vec<Slice<'a>>,
    #[serde(borrow)]
    passengers: Vec<Passenger<'a>>,
    #[serde(borrow, default)]
    cabin_class: Option<&'a str>,
    #[serde(default)]
    max_connections: Option<u8>,
}

#[derive(Deserialize)]
struct Slice<'a> {
    #[serde(borrow)]
    origin: &'a str,
    #[serde(borrow)]
    destination: &'a str,
    #[serde(borrow)]
    departure_date: &'a str,
}

#[derive(Deserialize)]
struct Passenger<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<&'a str>,
    #[serde(default)]
    age: Option<u32>,
}

/// What a request wants besides the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Most changes of aircraft in a slice.
    pub connections_max: Option<u8>,
}

impl Wanted {
    /// Takes away what is not wanted.
    pub fn apply(self, shelf: &mut Shelf) {
        let Some(max) = self.connections_max else { return };
        let mut offers = std::mem::take(&mut shelf.offers);
        offers.retain(|offer| {
            shelf
                .legs_of(offer)
                .all(|(_, candidate)| candidate.segments().len() <= usize::from(max) + 1)
        });
        shelf.offers = offers;
    }
}

/// The question of a request to a seller.
///
/// # Errors
/// The field that is wrong.
pub fn question(seller: &Seller, body: &[u8]) -> Result<(Question, Wanted), &'static str> {
    let Body { data } = serde_json::from_slice(body).map_err(|_| "data")?;
    let Data { slices, passengers, cabin_class, max_connections } = data;
    if slices.is_empty() || slices.len() > 6 {
        return Err("slices");
    }
    let mut legs = Vec::with_capacity(slices.len());
    for Slice { origin, destination, departure_date } in slices {
        legs.push(QuestionLeg {
            origin: asked::place_of_code(origin.as_bytes()).ok_or("origin")?,
            destination: asked::place_of_code(destination.as_bytes()).ok_or("destination")?,
            date: departure_date.parse().map_err(|_| "departure_date")?,
        });
    }
    let cabin = match cabin_class {
        Some(name) => name.parse().map_err(|_| "cabin_class")?,
        None => Cabin::Economy,
    };
    let travellers = travellers(&passengers)?;
    let question = Question { legs, cabin, travellers, market: seller.market };
    Ok((question, Wanted { connections_max: max_connections }))
}

fn travellers(passengers: &[Passenger<'_>]) -> Result<Travellers, &'static str> {
    if passengers.len() > 24 {
        return Err("passengers");
    }
    let mut adults = 0;
    let mut ages = Vec::new();
    for passenger in passengers {
        match (passenger.kind, passenger.age) {
            (Some("adult"), _) => adults += 1,
            (Some("child"), None) => ages.push(asked::CHILD_AGE),
            (Some("infant_without_seat"), None) => ages.push(0),
            (_, Some(age @ 0..=17)) => ages.push(age),
            (_, Some(_)) => adults += 1,
            (_, None) => return Err("passengers"),
        }
    }
    Travellers::new(adults, &ages).map_err(|_| "passengers")
}
