//! What a seller asks for an itinerary.

use crate::code::AgentId;
use crate::money::Money;

/// A piece of an answer's text store: byte offset and length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Text {
    /// First byte.
    pub start: u32,
    /// Length in bytes; 0 means "not said".
    pub len: u32,
}

/// How a traveller changes planes, and who answers for a missed connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transfer {
    /// One ticket: the seller answers for the connection.
    #[default]
    Managed,
    /// Separate tickets, but the seller protects the connection.
    ProtectedSelfTransfer,
    /// Separate tickets: the traveller answers for the connection.
    SelfTransfer,
}

/// Pieces of baggage in the price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BagAllowance {
    /// The seller did not say.
    #[default]
    Unknown,
    /// This many pieces a traveller; 0 means none included.
    Included(u8),
}

/// Fare details of one segment within an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FareDetail {
    /// Index into the answer's segments.
    pub segment: u32,
    /// Booking class letter, e.g. `b'K'`; 0 if not said.
    pub booking_class: u8,
    /// Fare basis code.
    pub basis: Text,
}

/// One seller's price for one itinerary, for the whole party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Total for the whole party as the partner quoted it; `None` if the seller shows no price.
    pub price: Option<Money>,
    /// The seller.
    pub agent: AgentId,
    /// Index into the answer's itineraries.
    pub itinerary: u32,
    /// First fare detail.
    pub fares_start: u32,
    /// Number of fare details.
    pub fares_len: u16,
    /// Who answers for connections.
    pub transfer: Transfer,
    /// Cabin bags in the price.
    pub cabin_bags: BagAllowance,
    /// Checked bags in the price.
    pub checked_bags: BagAllowance,
    /// Fare brand as the seller names it, e.g. `LIGHT`.
    pub brand: Text,
    /// Where the traveller can buy it (absolute `https` or `http` URL).
    pub link: Text,
    /// Grams of CO2 for the whole party; 0 if not said.
    pub emissions_grams: u32,
}

impl Offer {
    /// The least that an offer is: who sells what for how much, on one ticket. Of bags, brand, address,
    /// fares and emissions nothing is said. What is known besides is put over it:
    ///
    /// ```
    /// use domain::{AgentId, BagAllowance, CurrencyCode, Money, Offer};
    ///
    /// let price = Money::new(41_200, CurrencyCode::literal("EUR"));
    /// let plain = Offer::plain(AgentId::literal("shop"), 0, Some(price));
    /// let with_a_bag = Offer { cabin_bags: BagAllowance::Included(1), ..plain };
    /// assert_eq!(with_a_bag.price, plain.price);
    /// ```
    #[must_use]
    pub const fn plain(agent: AgentId, itinerary: u32, price: Option<Money>) -> Self {
        Self {
            price,
            agent,
            itinerary,
            fares_start: 0,
            fares_len: 0,
            transfer: Transfer::Managed,
            cabin_bags: BagAllowance::Unknown,
            checked_bags: BagAllowance::Unknown,
            brand: Text { start: 0, len: 0 },
            link: Text { start: 0, len: 0 },
            emissions_grams: 0,
        }
    }
}

const _: () = assert!(size_of::<Offer>() <= 72, "2,700 offers a search stay within 200 KB");
