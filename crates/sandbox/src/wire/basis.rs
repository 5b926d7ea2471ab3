//! Booking classes and fare basis codes.

use domain::{Cabin, CarrierCode};

use crate::offer::OnShelf;

/// A short text on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis([u8; 6]);

impl Basis {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Class and basis of one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentFare {
    /// Booking class letter.
    pub class: u8,
    /// Fare basis code.
    pub basis: Basis,
}

/// The fare of a segment: the class by cabin and brand, the basis from class, brand and carrier.
#[must_use]
pub fn of(cabin: Cabin, offer: &OnShelf, carrier: CarrierCode) -> SegmentFare {
    let brand = usize::from(offer.brand_index).min(2);
    let class = match cabin {
        Cabin::Economy => b"KMY"[brand],
        Cabin::PremiumEconomy => b"EWW"[brand],
        Cabin::Business => b"ZDJ"[brand],
        Cabin::First => b"AFF"[brand],
    };
    let [a, b] = carrier.to_bytes();
    SegmentFare { class, basis: Basis([class, a, b, b"LCF"[brand], b'R', b'T']) }
}
