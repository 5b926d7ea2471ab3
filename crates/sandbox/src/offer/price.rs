//! From the carriers' fares to a seller's price.

use domain::{Cabin, Question, Transfer};

use crate::board::{Candidate, comfort};
use crate::fares::brand::{Brand, cabin_factor};
use crate::fares::party;
use crate::noise;
use crate::seller::Seller;

/// What legs of one carrier cost together, of the sum of their fares.
const TOGETHER: f64 = 0.93;
/// How far apart sellers' prices of one itinerary lie by chance.
const CHANCE: f64 = 0.012;
/// How far apart markets lie.
const MARKET_SPREAD: f64 = 0.02;

/// The legs of an itinerary added up.
#[derive(Clone, Copy, Debug)]
pub struct Sum {
    /// Fares of one adult in the asked cabin's lowest brand, US dollars.
    fare: f64,
    /// Grams of CO2 for one seat in economy.
    grams: u64,
    /// Legs so far.
    legs: u32,
    /// The first carrier of the first leg, while all legs begin with it.
    one_line: Option<u16>,
    /// Names the itinerary in draws.
    name: u64,
    /// Whether it is one ticket.
    pub transfer: Transfer,
}

impl Default for Sum {
    fn default() -> Self {
        Self { fare: 0.0, grams: 0, legs: 0, one_line: None, name: 0, transfer: Transfer::Managed }
    }
}

impl Sum {
    /// Adds a leg.
    pub fn add(&mut self, candidate: &Candidate, cabin: Cabin) {
        let line = candidate.lines().first().copied();
        self.one_line = if self.legs == 0 || self.one_line == line { line } else { None };
        self.fare += candidate.fare * cabin_factor(cabin, candidate.kilometres);
        self.grams += u64::from(candidate.grams);
        self.name = noise::join(self.name, candidate.name);
        self.transfer = self.transfer.max(candidate.transfer);
        self.legs += 1;
    }
}

/// What a seller does to fares, for one question.
#[derive(Clone, Copy, Debug)]
pub struct Pricing {
    draw: u64,
    /// Minor units of the seller's currency for a dollar of one adult's fare.
    rate: f64,
    /// Minor units added for the party.
    fee: f64,
    round_to: i64,
    /// Percent of one economy seat's emissions.
    seats_percent: u64,
}

impl Pricing {
    /// The pricing of a seller for a party, cabin and market.
    #[must_use]
    pub fn new(seed: u64, seller: &Seller, question: &Question) -> Self {
        let market = noise::draw(seed, &[0x3A, u64::from(question.market.packed())]);
        let market = 1.0 + MARKET_SPREAD * noise::bell(market);
        let seats = question.travellers.seats();
        Self {
            draw: seller.draw,
            rate: seller.minor_per_dollar
                * seller.mark_up
                * market
                * party::fares(&question.travellers),
            fee: seller.fee * f64::from(seats) * seller.minor_per_dollar,
            round_to: seller.round_to,
            seats_percent: u64::from(seats) * comfort::share_percent(question.cabin),
        }
    }

    /// The price of an itinerary in a brand, minor units.
    #[must_use]
    pub fn minor(&self, sum: &Sum, brand: &Brand) -> i64 {
        let together = if sum.legs > 1 && sum.one_line.is_some() { TOGETHER } else { 1.0 };
        let chance = 1.0 + CHANCE * noise::bell(noise::join(self.draw, sum.name));
        let exact = sum.fare * together * brand.factor * chance * self.rate + self.fee;
        let steps = (exact / self.round_to as f64).round() as i64;
        steps.max(1) * self.round_to
    }

    /// Grams of CO2 of the party.
    #[must_use]
    pub fn grams(&self, sum: &Sum) -> u32 {
        let grams = sum.grams * self.seats_percent / 100;
        u32::try_from(grams).unwrap_or(u32::MAX)
    }
}
