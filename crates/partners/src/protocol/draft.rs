//! One offer between bytes and columns, and the gate it must pass.
//!
//! A decoder fills a [`Draft`] per offer, reusing the same one; [`Collector::take`] checks it whole
//! against the question and the settings and either adds it to the answer or counts it with its
//! path and [`Reason`]. Nothing of a refused offer stays in the answer's columns of flights.
//!
//! Cost: no allocation per offer; a hash look-up per segment, leg and itinerary.

use std::borrow::Cow;

use domain::answer::{AnswerFull, Limits};
use domain::{
    AnswerBuilder, BagAllowance, Cabin, CarrierCode, CurrencyCode, FareDetail, FlightNumber,
    LocalTime, Offer, Segment, Text, Transfer,
};

use crate::link::{LinkValues, PreparedLink};
use crate::protocol::read::{Count, Field, Scalar};
use crate::protocol::{DecodeContext, Decoded, Reason, Unread};

mod checks;

pub(crate) use checks::{check_itinerary, check_segment, money};

/// Segments of one offer at most.
pub(crate) const SEGMENTS_MAX: usize = Limits::LEGS * Limits::SEGMENTS_PER_LEG;

/// A booking class: one letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BookingClass(pub(crate) u8);

impl Scalar<'_> for BookingClass {
    fn from_text(text: &str) -> Option<Self> {
        match *text.as_bytes() {
            [letter] if letter.is_ascii_alphabetic() => Some(Self(letter.to_ascii_uppercase())),
            _ => None,
        }
    }
}

/// What an offer says about one segment's fare.
#[derive(Clone, Debug, Default)]
pub(crate) struct DraftFare<'de> {
    pub(crate) class: Field<BookingClass>,
    pub(crate) basis: Field<Cow<'de, str>>,
    pub(crate) cabin: Field<Cabin>,
    pub(crate) cabin_bags: Field<Count>,
    pub(crate) checked_bags: Field<Count>,
}

/// One segment as read.
#[derive(Debug, Default)]
pub(crate) struct DraftSegment<'de> {
    pub(crate) id: Field<Cow<'de, str>>,
    pub(crate) carrier: Field<CarrierCode>,
    pub(crate) operating: Field<CarrierCode>,
    pub(crate) number: Field<FlightNumber>,
    pub(crate) origin: Field<domain::AirportCode>,
    pub(crate) destination: Field<domain::AirportCode>,
    pub(crate) departs: Field<LocalTime>,
    pub(crate) arrives: Field<LocalTime>,
    pub(crate) fare: DraftFare<'de>,
}

/// The flights of an offer as read; they outlive the offer, as the next one may have the same.
#[derive(Debug, Default)]
pub(crate) struct Flights<'de> {
    /// Segments of all legs, end to end.
    pub(crate) segments: Vec<DraftSegment<'de>>,
    /// Where each leg ends in `segments`.
    leg_ends: Vec<usize>,
    /// A fault of form noticed while reading.
    fault: Option<(Part, Reason)>,
    /// Counts readings: the same number means the same flights.
    version: u32,
}

impl<'de> Flights<'de> {
    /// Makes room for others, keeping the memory.
    pub(crate) fn clear(&mut self) {
        let Self { segments, leg_ends, fault, version } = self;
        *version = version.wrapping_add(1);
        segments.clear();
        leg_ends.clear();
        *fault = None;
    }

    /// Room for one more segment, or notes that there are too many.
    pub(crate) fn next_segment(&mut self) -> Option<&mut DraftSegment<'de>> {
        if self.segments.len() >= SEGMENTS_MAX {
            self.fault = Some((Part::Segments, Reason::TooLong));
            return None;
        }
        self.segments.push(DraftSegment::default());
        self.segments.last_mut()
    }

    /// Ends a leg. Returns whether there is room for another.
    pub(crate) fn end_leg(&mut self) -> bool {
        self.leg_ends.push(self.segments.len());
        if self.leg_ends.len() > domain::request::LEGS_MAX {
            self.malformed(Part::Legs);
        }
        self.leg_ends.len() <= domain::request::LEGS_MAX
    }

    /// Notes a value of the wrong type.
    pub(crate) fn malformed(&mut self, part: Part) {
        self.fault.get_or_insert((part, Reason::Malformed));
    }
}

/// One offer as read.
#[derive(Debug, Default)]
pub(crate) struct Draft<'de> {
    pub(crate) id: Field<Cow<'de, str>>,
    pub(crate) amount: Field<Cow<'de, str>>,
    pub(crate) currency: Field<CurrencyCode>,
    pub(crate) seller: Field<CarrierCode>,
    pub(crate) brand: Field<Cow<'de, str>>,
    pub(crate) emissions_grams: u32,
    pub(crate) flights: Flights<'de>,
    /// Whether the offer has flights.
    pub(crate) has_flights: bool,
    fault: Option<(Part, Reason)>,
}

impl Draft<'_> {
    /// Makes room for the next offer, keeping the memory and the flights.
    pub(crate) fn clear(&mut self) {
        let Self {
            id,
            amount,
            currency,
            seller,
            brand,
            emissions_grams,
            flights: _,
            has_flights,
            fault,
        } = self;
        (*id, *amount, *brand) = (Field::Absent, Field::Absent, Field::Absent);
        (*currency, *seller) = (Field::Absent, Field::Absent);
        *emissions_grams = 0;
        *has_flights = false;
        *fault = None;
    }

    /// Notes a value of the wrong type.
    pub(crate) fn malformed(&mut self, part: Part) {
        self.fault.get_or_insert((part, Reason::Malformed));
    }
}

/// A part of an offer, for naming it in the words of each protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Offer,
    Amount,
    Currency,
    Seller,
    Link,
    Transfer,
    Legs,
    Segments,
    Carrier,
    Operating,
    Number,
    Origin,
    Destination,
    Departs,
    Arrives,
    Cabin,
}

/// Where in an offer something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) part: Part,
    /// Leg and segment within it, for parts of a segment.
    pub(crate) at: Option<(usize, usize)>,
    pub(crate) reason: Reason,
}

impl Refusal {
    pub(crate) const fn new(part: Part, reason: Reason) -> Self {
        Self { part, at: None, reason }
    }
}

/// How a protocol names the parts of its offers.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    pub(crate) offers: &'static str,
    pub(crate) legs: &'static str,
    pub(crate) part: fn(Part) -> &'static str,
}

impl Names {
    fn path(self, offer: usize, refusal: Refusal) -> String {
        let Self { offers, legs, part } = self;
        let name = part(refusal.part);
        match refusal.at {
            Some((leg, segment)) => {
                format!("{offers}[{offer}].{legs}[{leg}].segments[{segment}].{name}")
            }
            None if name.is_empty() => format!("{offers}[{offer}]"),
            None => format!("{offers}[{offer}].{name}"),
        }
    }
}

/// Gathers the good offers of a document and counts the others.
pub(crate) struct Collector<'c> {
    pub(crate) context: DecodeContext<'c>,
    pub(crate) builder: AnswerBuilder,
    pub(crate) unread: Unread,
    pub(crate) flown: Vec<Segment>,
    pub(crate) segment_ids: Vec<u32>,
    pub(crate) leg_ids: Vec<u32>,
    pub(crate) fares: Vec<FareDetail>,
    template: Option<PreparedLink>,
    link: String,
    /// Version of the flights that `checked` and `itinerary` are about, so that the flights of
    /// several offers need only one look.
    flights_version: u32,
    checked: Option<Result<(), Refusal>>,
    itinerary: Option<u32>,
}

impl<'c> Collector<'c> {
    pub(crate) fn new(context: DecodeContext<'c>) -> Self {
        let limits = Limits { offers: context.offers_max, ..Limits::default() };
        Self {
            context,
            builder: AnswerBuilder::new(limits),
            unread: Unread::default(),
            flown: Vec::with_capacity(8),
            segment_ids: Vec::with_capacity(8),
            leg_ids: Vec::with_capacity(4),
            fares: Vec::with_capacity(8),
            template: context.settings.link.as_ref().map(|link| link.prepare(context.question)),
            link: String::new(),
            flights_version: 0,
            checked: None,
            itinerary: None,
        }
    }

    /// Whether no further offer fits.
    pub(crate) fn is_full(&self) -> bool {
        self.builder.offer_count() >= self.context.offers_max
    }

    /// Adds an offer, or counts it with its reason.
    pub(crate) fn take(&mut self, draft: &Draft<'_>, names: Names, index: usize) {
        if draft.flights.version != self.flights_version {
            self.flights_version = draft.flights.version;
            (self.checked, self.itinerary) = (None, None);
        }
        if let Err(refusal) = self.try_take(draft) {
            self.unread.add(refusal.reason, || names.path(index, refusal));
        }
    }

    /// Counts an offer that was not even read because the answer is full.
    pub(crate) fn skip_full(&mut self, names: Names, index: usize) {
        let refusal = Refusal::new(Part::Offer, Reason::Full);
        self.unread.add(Reason::Full, || names.path(index, refusal));
    }

    pub(crate) fn finish(self) -> Decoded {
        Decoded { answer: self.builder.finish(), unread: self.unread }
    }

    fn try_take(&mut self, draft: &Draft<'_>) -> Result<(), Refusal> {
        if let Some((part, reason)) = draft.fault {
            return Err(Refusal::new(part, reason));
        }
        let price = money(&draft.amount, draft.currency, self.context.decimals)?;
        let seller = match draft.seller {
            Field::Absent => None,
            Field::Wrong => return Err(Refusal::new(Part::Seller, Reason::Malformed)),
            Field::Good(carrier) => Some(carrier),
        };
        let agent = self.context.settings.agent_of_carrier(seller);
        let agent = agent.ok_or(Refusal::new(Part::Seller, Reason::UnknownAgent))?;
        if !draft.has_flights {
            return Err(Refusal::new(Part::Legs, Reason::Missing));
        }
        self.check_flights_once(&draft.flights)?;
        let segments = &draft.flights.segments;
        let said = segments.iter().filter_map(|segment| segment.fare.cabin.good()).max();
        if said.is_some_and(|best| best < self.context.question.cabin) {
            return Err(Refusal::new(Part::Cabin, Reason::OtherCabin));
        }
        // The link last of what can be wrong, the itinerary after it: an itinerary that enters the
        // answer has an offer.
        let link = self.link(draft, price.currency)?;
        let itinerary = self.add_itinerary_once(&draft.flights)?;
        self.fares.clear();
        for (segment, &id) in segments.iter().zip(&self.segment_ids) {
            let class = segment.fare.class.good().map_or(0, |class| class.0);
            let basis = text(&mut self.builder, &segment.fare.basis)?;
            if class != 0 || basis.len > 0 {
                self.fares.push(FareDetail { segment: id, booking_class: class, basis });
            }
        }
        let offer = Offer {
            price: Some(price),
            agent,
            itinerary,
            fares_start: 0,
            fares_len: 0,
            transfer: Transfer::Managed,
            cabin_bags: bags(segments, |fare| fare.cabin_bags),
            checked_bags: bags(segments, |fare| fare.checked_bags),
            brand: text(&mut self.builder, &draft.brand)?,
            link,
            emissions_grams: draft.emissions_grams,
        };
        self.builder.offer(offer, &self.fares).map_err(full)
    }

    fn check_flights_once(&mut self, flights: &Flights<'_>) -> Result<(), Refusal> {
        if let Some(checked) = self.checked {
            return checked;
        }
        let checked = self.check_flights(flights);
        self.checked = Some(checked);
        checked
    }

    fn add_itinerary_once(&mut self, flights: &Flights<'_>) -> Result<u32, Refusal> {
        if let Some(itinerary) = self.itinerary {
            return Ok(itinerary);
        }
        let itinerary = self.add_itinerary(flights)?;
        self.itinerary = Some(itinerary);
        Ok(itinerary)
    }

    /// Checks segments and their order into `flown`, before anything of them is kept.
    fn check_flights(&mut self, flights: &Flights<'_>) -> Result<(), Refusal> {
        let Flights { segments, leg_ends, fault, version: _ } = flights;
        if let Some((part, reason)) = *fault {
            return Err(Refusal::new(part, reason));
        }
        self.flown.clear();
        let mut start = 0;
        for (leg, &end) in leg_ends.iter().enumerate() {
            for (index, segment) in segments[start..end].iter().enumerate() {
                let checked = check_segment(segment).map_err(|(part, reason)| Refusal {
                    part,
                    at: Some((leg, index)),
                    reason,
                })?;
                self.flown.push(checked);
            }
            start = end;
        }
        check_itinerary(self.context.question, &self.flown, leg_ends)
    }

    fn add_itinerary(&mut self, flights: &Flights<'_>) -> Result<u32, Refusal> {
        self.segment_ids.clear();
        self.leg_ids.clear();
        for &segment in &self.flown {
            self.segment_ids.push(self.builder.segment(segment));
        }
        let mut start = 0;
        for &end in &flights.leg_ends {
            self.leg_ids.push(self.builder.leg(&self.segment_ids[start..end]).map_err(full)?);
            start = end;
        }
        self.builder.itinerary(&self.leg_ids).map_err(full)
    }

    fn link(&mut self, draft: &Draft<'_>, currency: CurrencyCode) -> Result<Text, Refusal> {
        let refused = Refusal::new(Part::Link, Reason::BadLink);
        let template = self.template.as_ref().ok_or(refused)?;
        let (Field::Good(id), Field::Good(amount)) = (&draft.id, &draft.amount) else {
            return Err(refused);
        };
        let values = LinkValues { offer_id: id, amount, currency: currency.to_bytes() };
        template.render(values, &mut self.link);
        if self.link.len() > crate::link::LINK_BYTES_MAX {
            return Err(refused);
        }
        self.builder.text(&self.link).map_err(full)
    }
}

/// Stores a text that may be absent; a wrong one counts as absent, because it only informs.
pub(crate) fn text(
    builder: &mut AnswerBuilder,
    field: &Field<Cow<'_, str>>,
) -> Result<Text, Refusal> {
    match field {
        Field::Good(text) if !text.is_empty() && text.len() <= 120 => {
            builder.text(text).map_err(full)
        }
        Field::Good(_) | Field::Absent | Field::Wrong => Ok(Text::default()),
    }
}

pub(crate) fn full(error: AnswerFull) -> Refusal {
    match error {
        AnswerFull::Offers(_) | AnswerFull::Text(_) => Refusal::new(Part::Offer, Reason::Full),
        AnswerFull::Shape => Refusal::new(Part::Legs, Reason::TooLong),
        AnswerFull::Dangling => Refusal::new(Part::Legs, Reason::Dangling),
    }
}

/// The fewest pieces on any segment, if every segment says how many.
fn bags(
    segments: &[DraftSegment<'_>],
    of: impl Fn(&DraftFare<'_>) -> Field<Count>,
) -> BagAllowance {
    let mut fewest = None;
    for segment in segments {
        match of(&segment.fare) {
            Field::Good(Count(pieces)) => {
                let pieces = pieces.min(99) as u8;
                fewest = Some(fewest.map_or(pieces, |least: u8| least.min(pieces)));
            }
            Field::Absent | Field::Wrong => return BagAllowance::Unknown,
        }
    }
    fewest.map_or(BagAllowance::Unknown, BagAllowance::Included)
}
