//! What rendering reads of a merged answer: legs, offers, fares and the tickets of a combination.
//!
//! Views borrow; texts and segments stay where the partner's answer has them.

use atlas::Atlas;
use domain::{
    AgentId, AirportCode, Answer, BagAllowance, LocalTime, Money, Offer, Segment, Transfer,
};

use super::Merged;
use crate::remembered::Source;
use crate::self_transfer::Part;

/// A leg of an itinerary.
#[derive(Clone, Copy, Debug)]
pub struct LegView<'a> {
    pub(super) answer: &'a Answer,
    pub(super) atlas: &'static Atlas,
    pub(super) segments: &'a [u32],
    /// Minutes from departure to arrival, from local times and zones.
    pub duration_minutes: u16,
}

impl<'a> LegView<'a> {
    /// The flights in flying order, at least one.
    pub fn segments(&self) -> impl ExactSizeIterator<Item = &'a Segment> + use<'a> {
        let answer = self.answer;
        self.segments.iter().map(move |&segment| &answer.segments()[segment as usize])
    }

    fn first(&self) -> &'a Segment {
        &self.answer.segments()[self.segments[0] as usize]
    }

    fn last(&self) -> &'a Segment {
        &self.answer.segments()[self.segments[self.segments.len() - 1] as usize]
    }

    /// Where it starts.
    #[must_use]
    pub fn origin(&self) -> AirportCode {
        self.first().origin
    }

    /// Where it ends.
    #[must_use]
    pub fn destination(&self) -> AirportCode {
        self.last().destination
    }

    /// Local departure.
    #[must_use]
    pub fn departs(&self) -> LocalTime {
        self.first().departs
    }

    /// Local arrival.
    #[must_use]
    pub fn arrives(&self) -> LocalTime {
        self.last().arrives
    }

    /// Calendar days between local departure and local arrival; -1 across the date line.
    #[must_use]
    pub fn day_shift(&self) -> i32 {
        self.arrives().date().days() - self.departs().date().days()
    }

    /// Changes of aircraft.
    #[must_use]
    pub fn stops(&self) -> usize {
        self.segments.len() - 1
    }

    /// Minutes in the air of one of the segments, from local times and zones; `None` if its airport
    /// is unknown.
    #[must_use]
    pub fn segment_minutes(&self, segment: &Segment) -> Option<i32> {
        segment_minutes(self.atlas, segment)
    }
}

/// Minutes from take-off to landing, from local times and zones.
#[must_use]
pub fn segment_minutes(atlas: &Atlas, segment: &Segment) -> Option<i32> {
    let Segment { departs, arrives, origin, destination, .. } = *segment;
    atlas.duration_minutes(origin, departs, destination, arrives)
}

/// A seller's offer for an itinerary.
#[derive(Clone, Copy, Debug)]
pub struct OfferView<'a> {
    pub(super) merged: &'a Merged,
    pub(super) answer: &'a Answer,
    pub(super) offer: &'a Offer,
    pub(super) parts: &'a [Part],
    pub(super) source: Option<Source>,
    /// The total in minor units of the display currency.
    pub amount: Option<i64>,
}

impl<'a> OfferView<'a> {
    /// The seller; of a combination, the seller of its first part.
    #[must_use]
    pub fn agent(&self) -> AgentId {
        self.offer.agent
    }

    /// The seller from whom all of it can be bought; `None` for a combination of two sellers' tickets.
    #[must_use]
    pub fn sole_agent(&self) -> Option<AgentId> {
        let agent = self.agent();
        self.parts.iter().all(|part| part.offer().agent == agent).then_some(agent)
    }

    /// The total exactly as the partner quoted it; of a combination, which nobody quoted, `None`
    /// (its parts have theirs).
    #[must_use]
    pub fn quoted(&self) -> Option<Money> {
        if self.parts.is_empty() { self.offer.price } else { None }
    }

    /// Fare brand as the seller names it; empty if not said.
    #[must_use]
    pub fn brand(&self) -> &'a str {
        self.answer.text(self.offer.brand)
    }

    /// When it was seen, milliseconds since 1970, if it is remembered from an earlier search.
    #[must_use]
    pub fn seen_ms(&self) -> Option<i64> {
        self.source?.seen_ms
    }

    pub(crate) fn source(&self) -> Option<Source> {
        self.source
    }

    /// Whether there is a way to its seller: a link, or a partner that can be asked for one.
    #[must_use]
    pub fn can_follow(&self) -> bool {
        self.parts.is_empty() && (!self.link().is_empty() || self.seen_ms().is_some())
    }

    /// Where it can be bought; empty if not said, if it is remembered, or for a combination (its
    /// parts have theirs).
    #[must_use]
    pub fn link(&self) -> &'a str {
        self.answer.text(self.offer.link)
    }

    /// Cabin bags in the price.
    #[must_use]
    pub fn cabin_bags(&self) -> BagAllowance {
        self.offer.cabin_bags
    }

    /// Checked bags in the price.
    #[must_use]
    pub fn checked_bags(&self) -> BagAllowance {
        self.offer.checked_bags
    }

    /// Who answers for connections.
    #[must_use]
    pub fn transfer(&self) -> Transfer {
        self.offer.transfer
    }

    /// Grams of CO2 for the whole party; `None` if not said.
    #[must_use]
    pub fn emissions_grams(&self) -> Option<u32> {
        (self.offer.emissions_grams > 0).then_some(self.offer.emissions_grams)
    }

    /// Fare details by segment, as far as the seller says them.
    pub fn fares(&self) -> impl Iterator<Item = FareView<'a>> + use<'a> {
        let answer = self.answer;
        answer.fares_of(self.offer).iter().map(move |fare| FareView {
            segment: &answer.segments()[fare.segment as usize],
            booking_class: (fare.booking_class != 0).then_some(fare.booking_class as char),
            basis: answer.text(fare.basis),
        })
    }

    /// The two tickets of a self-transfer combination; empty for an offer of a seller.
    pub fn parts(&self) -> impl ExactSizeIterator<Item = PartView<'a>> + use<'a> {
        self.parts.iter().map(PartView::new)
    }

    /// The search's merged answers.
    #[must_use]
    pub fn merged(&self) -> &'a Merged {
        self.merged
    }
}

/// Fare details of one segment.
#[derive(Clone, Copy, Debug)]
pub struct FareView<'a> {
    /// The segment.
    pub segment: &'a Segment,
    /// Booking class letter.
    pub booking_class: Option<char>,
    /// Fare basis code; empty if not said.
    pub basis: &'a str,
}

/// One ticket of a self-transfer combination, bought by itself.
#[derive(Clone, Copy, Debug)]
pub struct PartView<'a> {
    pub(super) part: &'a Part,
}

impl<'a> PartView<'a> {
    fn new(part: &'a Part) -> Self {
        Self { part }
    }

    /// The seller.
    #[must_use]
    pub fn agent(&self) -> AgentId {
        self.part.offer().agent
    }

    /// The total of this ticket exactly as its partner quoted it.
    #[must_use]
    pub fn quoted(&self) -> Option<Money> {
        self.part.offer().price
    }

    /// The total of this ticket in minor units of the display currency.
    #[must_use]
    pub fn amount(&self) -> i64 {
        self.part.amount
    }

    /// Fare brand; empty if not said.
    #[must_use]
    pub fn brand(&self) -> &'a str {
        self.part.answer.text(self.part.offer().brand)
    }

    /// When it was seen, milliseconds since 1970, if it is remembered from an earlier search.
    #[must_use]
    pub fn seen_ms(&self) -> Option<i64> {
        self.part.source?.seen_ms
    }

    /// Whether there is a way to its seller: a link, or a partner that can be asked for one.
    #[must_use]
    pub fn can_follow(&self) -> bool {
        !self.link().is_empty() || self.seen_ms().is_some()
    }

    pub(crate) fn part(&self) -> &'a Part {
        self.part
    }

    /// Where this ticket can be bought; empty if not said, or if it is remembered.
    #[must_use]
    pub fn link(&self) -> &'a str {
        self.part.answer.text(self.part.offer().link)
    }

    /// Cabin bags in the price.
    #[must_use]
    pub fn cabin_bags(&self) -> BagAllowance {
        self.part.offer().cabin_bags
    }

    /// Checked bags in the price.
    #[must_use]
    pub fn checked_bags(&self) -> BagAllowance {
        self.part.offer().checked_bags
    }

    /// Where its legs begin and end.
    pub fn legs(&self) -> impl Iterator<Item = (AirportCode, AirportCode)> + use<'a> {
        let part = self.part;
        part.answer.legs_of(part.offer().itinerary).filter_map(|mut leg| {
            let first = leg.next()?;
            Some((first.origin, leg.last().unwrap_or(first).destination))
        })
    }

    /// The flights of this ticket, of all its legs.
    pub fn segments(&self) -> impl Iterator<Item = &'a Segment> + use<'a> {
        let part = self.part;
        part.answer.legs_of(part.offer().itinerary).flatten()
    }
}
