//! Fare brands: what one ticket includes and what that costs.

use domain::Cabin;

/// One fare brand of one cabin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Brand {
    /// As the seller names it.
    pub name: &'static str,
    /// Factor on the lowest fare of the cabin.
    pub factor: f64,
    /// Cabin bags in the price.
    pub cabin_bags: u8,
    /// Checked bags in the price.
    pub checked_bags: u8,
    /// Tells it from the other brands of its cabin, below [`SLOTS`].
    pub slot: u8,
}

/// Brands of one cabin, of all families.
pub const SLOTS: usize = 12;

const fn brand(
    slot: u8,
    name: &'static str,
    factor: f64,
    (cabin_bags, checked_bags): (u8, u8),
) -> Brand {
    Brand { name, factor, cabin_bags, checked_bags, slot }
}

/// Families of economy brands; which one a carrier has is a draw.
const ECONOMY: [[Brand; 3]; 4] = [
    [
        brand(0, "LIGHT", 1.0, (1, 0)),
        brand(1, "CLASSIC", 1.17, (1, 1)),
        brand(2, "FLEX", 1.45, (1, 1)),
    ],
    [
        brand(3, "BASIC", 1.0, (1, 0)),
        brand(4, "STANDARD", 1.14, (1, 1)),
        brand(5, "PLUS", 1.38, (1, 2)),
    ],
    [
        brand(6, "SAVER", 1.0, (1, 0)),
        brand(7, "VALUE", 1.2, (1, 1)),
        brand(8, "FLEXI", 1.55, (1, 2)),
    ],
    [
        brand(9, "GO LIGHT", 1.0, (0, 0)),
        brand(10, "GO", 1.22, (1, 1)),
        brand(11, "GO PLUS", 1.6, (2, 1)),
    ],
];
const PREMIUM: [Brand; 2] =
    [brand(0, "PREMIUM", 1.0, (1, 2)), brand(1, "PREMIUM FLEX", 1.25, (1, 2))];
const BUSINESS: [Brand; 3] = [
    brand(0, "BUSINESS SAVER", 1.0, (2, 1)),
    brand(1, "BUSINESS", 1.16, (2, 2)),
    brand(2, "BUSINESS FLEX", 1.38, (2, 2)),
];
const FIRST: [Brand; 1] = [brand(0, "FIRST", 1.0, (2, 3))];

/// The brands of a cabin of a carrier, lowest first.
#[must_use]
pub fn of(cabin: Cabin, family: u64) -> &'static [Brand] {
    match cabin {
        Cabin::Economy => &ECONOMY[(family % ECONOMY.len() as u64) as usize],
        Cabin::PremiumEconomy => &PREMIUM,
        Cabin::Business => &BUSINESS,
        Cabin::First => &FIRST,
    }
}

/// Factor of a cabin's lowest fare on that of economy; more on long flights.
#[must_use]
pub fn cabin_factor(cabin: Cabin, kilometres: f32) -> f64 {
    let long = (f64::from(kilometres) / 6_000.0).min(1.5);
    match cabin {
        Cabin::Economy => 1.0,
        Cabin::PremiumEconomy => 1.45 + 0.25 * long,
        Cabin::Business => 2.1 + 1.2 * long,
        Cabin::First => 3.8 + 2.2 * long,
    }
}
