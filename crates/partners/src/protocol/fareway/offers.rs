//! The lists of one part, and the gate its offers must pass.
//!
//! Segments and itineraries are listed before anyone knows whether an offer uses them: they enter
//! the answer with the first offer that does.

use std::borrow::Cow;

use domain::{AgentId, BagAllowance, CurrencyCode, FareDetail, Offer, Segment, Text, Transfer};

use crate::link::check_url;
use crate::protocol::draft::{
    BookingClass, Collector, DraftSegment, Part, Refusal, SEGMENTS_MAX, check_itinerary,
    check_segment, full, money, text,
};
use crate::protocol::read::{Count, Field, Scalar};
use crate::protocol::{DecodeContext, Decoded, Reason};

/// How a traveller changes, by its name on the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct TransferName(pub(super) Transfer);

impl Scalar<'_> for TransferName {
    fn from_text(text: &str) -> Option<Self> {
        match text {
            "managed" => Some(Self(Transfer::Managed)),
            "protected" => Some(Self(Transfer::ProtectedSelfTransfer)),
            "self" => Some(Self(Transfer::SelfTransfer)),
            _ => None,
        }
    }
}

/// The fare of one segment as read.
#[derive(Debug, Default)]
pub(super) struct OfferFare<'de> {
    pub(super) segment: Field<Count>,
    pub(super) class: Field<BookingClass>,
    pub(super) basis: Field<Cow<'de, str>>,
}

/// One offer as read.
#[derive(Debug, Default)]
pub(super) struct OfferDraft<'de> {
    pub(super) itinerary: Field<Count>,
    pub(super) price: Field<Cow<'de, str>>,
    pub(super) currency: Field<CurrencyCode>,
    pub(super) agent: Field<AgentId>,
    pub(super) link: Field<Cow<'de, str>>,
    pub(super) brand: Field<Cow<'de, str>>,
    pub(super) cabin_bags: Field<Count>,
    pub(super) checked_bags: Field<Count>,
    pub(super) transfer: Field<TransferName>,
    pub(super) emissions_grams: Field<Count>,
    pub(super) fares: Vec<OfferFare<'de>>,
    fault: Option<(Part, Reason)>,
}

impl<'de> OfferDraft<'de> {
    /// Makes room for the next offer, keeping the memory.
    pub(super) fn clear(&mut self, currency: Field<CurrencyCode>) {
        let mut fares = std::mem::take(&mut self.fares);
        fares.clear();
        *self = Self { currency, fares, ..Self::default() };
    }

    pub(super) fn malformed(&mut self, part: Part) {
        self.fault.get_or_insert((part, Reason::Malformed));
    }

    pub(super) fn next_fare(&mut self) -> Option<&mut OfferFare<'de>> {
        if self.fares.len() >= SEGMENTS_MAX {
            return None;
        }
        self.fares.push(OfferFare::default());
        self.fares.last_mut()
    }
}

#[derive(Clone, Copy, Debug)]
enum Listed {
    /// Fine, not used yet.
    Unused,
    /// In the answer under this index.
    Used(u32),
    /// Not believable.
    Refused(Reason),
}

#[derive(Clone, Copy, Debug)]
struct ListedItinerary {
    flown_start: usize,
    legs_start: usize,
    legs_end: usize,
    state: Listed,
}

/// The lists of a part.
pub(super) struct Table<'c> {
    collector: Collector<'c>,
    segments: Vec<Result<(Segment, Option<u32>), Reason>>,
    itineraries: Vec<ListedItinerary>,
    /// Segment indexes of all itineraries, end to end.
    flown: Vec<u32>,
    /// Where each leg ends in `flown`, for all itineraries, end to end.
    leg_ends: Vec<usize>,
    open: ListedItinerary,
    ends: Vec<usize>,
}

const NEW: ListedItinerary =
    ListedItinerary { flown_start: 0, legs_start: 0, legs_end: 0, state: Listed::Unused };

impl<'c> Table<'c> {
    pub(super) fn new(context: DecodeContext<'c>) -> Self {
        Self {
            collector: Collector::new(context),
            segments: Vec::new(),
            itineraries: Vec::new(),
            flown: Vec::new(),
            leg_ends: Vec::new(),
            open: NEW,
            ends: Vec::new(),
        }
    }

    pub(super) fn segment_count(&self) -> usize {
        self.segments.len()
    }

    pub(super) fn itinerary_count(&self) -> usize {
        self.itineraries.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.collector.is_full()
    }

    pub(super) fn finish(self) -> Decoded {
        self.collector.finish()
    }

    pub(super) fn add_segment(&mut self, draft: &DraftSegment<'_>) {
        let checked = check_segment(draft).map_err(|(_, reason)| reason);
        self.segments.push(checked.map(|segment| (segment, None)));
    }

    pub(super) fn begin_itinerary(&mut self) {
        self.open = ListedItinerary {
            flown_start: self.flown.len(),
            legs_start: self.leg_ends.len(),
            legs_end: self.leg_ends.len(),
            state: Listed::Unused,
        };
    }

    pub(super) fn push_flown(&mut self, segment: Field<Count>) {
        if self.flown.len() - self.open.flown_start >= SEGMENTS_MAX {
            self.open.state = Listed::Refused(Reason::TooLong);
            return;
        }
        match segment {
            Field::Good(Count(index)) => self.flown.push(index),
            Field::Absent | Field::Wrong => self.malformed_itinerary(),
        }
    }

    pub(super) fn end_leg(&mut self) {
        if self.leg_ends.len() - self.open.legs_start >= domain::request::LEGS_MAX {
            self.open.state = Listed::Refused(Reason::TooLong);
            return;
        }
        self.leg_ends.push(self.flown.len());
    }

    pub(super) fn malformed_itinerary(&mut self) {
        self.open.state = Listed::Refused(Reason::Malformed);
    }

    pub(super) fn end_itinerary(&mut self) {
        self.open.legs_end = self.leg_ends.len();
        if let Listed::Unused = self.open.state
            && let Err(reason) = self.check_open()
        {
            self.open.state = Listed::Refused(reason);
        }
        self.itineraries.push(self.open);
    }

    fn check_open(&mut self) -> Result<(), Reason> {
        let flown = &mut self.collector.flown;
        flown.clear();
        for &index in &self.flown[self.open.flown_start..] {
            let listed = self.segments.get(index as usize).copied();
            flown.push(listed.ok_or(Reason::Dangling)??.0);
        }
        self.ends.clear();
        let legs = &self.leg_ends[self.open.legs_start..];
        self.ends.extend(legs.iter().map(|end| end - self.open.flown_start));
        check_itinerary(self.collector.context.question, flown, &self.ends)
            .map_err(|refusal| refusal.reason)
    }

    /// Adds an offer, or counts it with its reason.
    pub(super) fn take(&mut self, draft: &OfferDraft<'_>, index: usize) {
        if let Err(refusal) = self.try_take(draft) {
            self.collector.unread.add(refusal.reason, || path(index, refusal.part));
        }
    }

    /// Counts an offer that was not even read because the answer is full.
    pub(super) fn skip_full(&mut self, index: usize) {
        self.collector.unread.add(Reason::Full, || path(index, Part::Offer));
    }

    fn try_take(&mut self, draft: &OfferDraft<'_>) -> Result<(), Refusal> {
        if let Some((part, reason)) = draft.fault {
            return Err(Refusal::new(part, reason));
        }
        let context = self.collector.context;
        let price = money(&draft.price, draft.currency, context.decimals)?;
        let agent = agent(context, draft.agent)?;
        let transfer = draft
            .transfer
            .or(TransferName(Transfer::Managed))
            .ok_or(Refusal::new(Part::Transfer, Reason::Malformed))?;
        let link = match &draft.link {
            Field::Good(link) if check_url(link).is_some() => link,
            Field::Good(_) | Field::Absent | Field::Wrong => {
                return Err(Refusal::new(Part::Link, Reason::BadLink));
            }
        };
        let itinerary = self.itinerary(draft.itinerary)?;
        self.collect_fares(draft)?;
        let builder = &mut self.collector.builder;
        let offer = Offer {
            price: Some(price),
            agent,
            itinerary,
            fares_start: 0,
            fares_len: 0,
            transfer: transfer.0,
            cabin_bags: bags(draft.cabin_bags),
            checked_bags: bags(draft.checked_bags),
            brand: text(builder, &draft.brand)?,
            link: builder.text(link).map_err(full)?,
            emissions_grams: draft.emissions_grams.good().map_or(0, |Count(grams)| grams),
        };
        builder.offer(offer, &self.collector.fares).map_err(full)
    }

    fn collect_fares(&mut self, draft: &OfferDraft<'_>) -> Result<(), Refusal> {
        let dangling = Refusal::new(Part::Segments, Reason::Dangling);
        let Collector { builder, fares, .. } = &mut self.collector;
        fares.clear();
        for fare in &draft.fares {
            let index = fare.segment.good().ok_or(dangling)?.0;
            let Some(Ok((_, Some(segment)))) = self.segments.get(index as usize) else {
                return Err(dangling);
            };
            let basis: Text = text(builder, &fare.basis)?;
            let booking_class = fare.class.good().map_or(0, |class| class.0);
            fares.push(FareDetail { segment: *segment, booking_class, basis });
        }
        Ok(())
    }

    /// The answer's index of a listed itinerary; the first use puts it there.
    fn itinerary(&mut self, wanted: Field<Count>) -> Result<u32, Refusal> {
        let refuse = |reason| Refusal::new(Part::Legs, reason);
        let Count(index) = match wanted {
            Field::Good(index) => index,
            Field::Absent => return Err(refuse(Reason::Missing)),
            Field::Wrong => return Err(refuse(Reason::Malformed)),
        };
        let listed = self.itineraries.get_mut(index as usize);
        let listed = listed.ok_or(refuse(Reason::Dangling))?;
        match listed.state {
            Listed::Used(id) => return Ok(id),
            Listed::Refused(reason) => return Err(refuse(reason)),
            Listed::Unused => {}
        }
        let Collector { builder, segment_ids, leg_ids, .. } = &mut self.collector;
        leg_ids.clear();
        let mut start = listed.flown_start;
        for &end in &self.leg_ends[listed.legs_start..listed.legs_end] {
            segment_ids.clear();
            for &index in &self.flown[start..end] {
                let Some(Ok((segment, id))) = self.segments.get_mut(index as usize) else {
                    return Err(refuse(Reason::Dangling));
                };
                segment_ids.push(*id.get_or_insert_with(|| builder.segment(*segment)));
            }
            leg_ids.push(builder.leg(segment_ids).map_err(full)?);
            start = end;
        }
        let id = builder.itinerary(leg_ids).map_err(full)?;
        listed.state = Listed::Used(id);
        Ok(id)
    }
}

fn agent(context: DecodeContext<'_>, named: Field<AgentId>) -> Result<AgentId, Refusal> {
    let agents = &context.settings.agents;
    let found = match named {
        Field::Absent => agents.first(),
        Field::Wrong => return Err(Refusal::new(Part::Seller, Reason::Malformed)),
        Field::Good(id) => agents.iter().find(|agent| agent.id == id),
    };
    found.map(|agent| agent.id).ok_or(Refusal::new(Part::Seller, Reason::UnknownAgent))
}

fn bags(pieces: Field<Count>) -> BagAllowance {
    pieces
        .good()
        .map_or(BagAllowance::Unknown, |Count(pieces)| BagAllowance::Included(pieces.min(99) as u8))
}

fn path(offer: usize, part: Part) -> String {
    let name = match part {
        Part::Offer => return format!("offers[{offer}]"),
        Part::Amount => "price",
        Part::Currency => "currency",
        Part::Seller => "agent",
        Part::Link => "link",
        Part::Transfer => "transfer",
        Part::Segments => "fares",
        Part::Legs
        | Part::Carrier
        | Part::Operating
        | Part::Number
        | Part::Origin
        | Part::Destination
        | Part::Departs
        | Part::Arrives
        | Part::Cabin => "itinerary",
    };
    format!("offers[{offer}].{name}")
}
