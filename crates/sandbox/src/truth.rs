//! The complete right answer: what every partner offers for a question, as columns.
//!
//! Built straight from shelves, without bytes and without the decoders of `partners`; it knows only
//! what each protocol carries (table below), because what a protocol does not carry cannot be shown.
//!
//! | | Fareway | Duffel | Amadeus |
//! |---|---|---|---|
//! | two tickets | marked | never offered | never offered |
//! | emissions | grams | whole kilograms | not said |
//! | booking class, fare basis | not said | not said | each segment |

mod two_tickets;

use std::time::Duration;

use domain::answer::Limits;
use domain::{
    Answer, AnswerBuilder, BagAllowance, FareDetail, Money, Offer, PartnerId, Question, Segment,
    Text,
};
use partners::ProtocolKind;

use crate::asked;
use crate::faults::{self, FaultPlan, Flaw, PartnerFault};
use crate::market::Market;
use crate::offer::{OnShelf, Shelf, link};
use crate::seller::Seller;
use crate::seller::manners::Mood;
use crate::wire::{basis, fareway, text};

pub use two_tickets::{Combination, TwoTickets};

/// How a partner's answer must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is whole.
    Whole,
    /// The partner must be reported as having failed; what came of its offers still counts.
    Fails,
}

/// What is right to show of one partner.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The partner.
    pub partner: PartnerId,
    /// Its offers.
    pub answer: Answer,
    /// How its answer must end, if there is time for it.
    pub outcome: Outcome,
    /// How long it takes before its first byte; meaningless if it never says one.
    pub latency: Duration,
}

/// The complete right answer.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// One entry a partner, in the market's order; partners without offers have an empty answer.
    pub partners: Vec<Shown>,
}

impl Truth {
    /// Offers of all partners.
    #[must_use]
    pub fn offers(&self) -> usize {
        self.partners.iter().map(|shown| shown.answer.offers().len()).sum()
    }

    /// What is right of one partner.
    #[must_use]
    pub fn of(&self, partner: PartnerId) -> Option<&Shown> {
        self.partners.iter().find(|shown| shown.partner == partner)
    }
}

impl Market {
    /// What every partner offers, whether or not its coverage says it is worth asking.
    #[must_use]
    pub fn truth(&self, question: &Question) -> Truth {
        self.truth_under(question, &FaultPlan::none())
    }

    /// What must be shown of every partner while these faults are on.
    #[must_use]
    pub fn truth_under(&self, question: &Question, faults: &FaultPlan) -> Truth {
        let shown = |seller| self.shown(seller, question, faults);
        Truth { partners: self.sellers().iter().map(shown).collect() }
    }

    /// What must be shown of these partners; unknown ones are left out.
    #[must_use]
    pub fn truth_for(
        &self,
        partners: &[PartnerId],
        question: &Question,
        faults: &FaultPlan,
    ) -> Truth {
        let sellers = partners.iter().filter_map(|&id| self.seller(id));
        Truth { partners: sellers.map(|seller| self.shown(seller, question, faults)).collect() }
    }

    /// What one partner offers; empty for an unknown one.
    #[must_use]
    pub fn answer(&self, partner: PartnerId, question: &Question) -> Answer {
        let none = FaultPlan::none();
        let seller = self.seller(partner);
        seller.map(|seller| self.shown(seller, question, &none).answer).unwrap_or_default()
    }

    fn shown(&self, seller: &Seller, question: &Question, faults: &FaultPlan) -> Shown {
        let partner = seller.id;
        let nothing =
            |outcome, latency| Shown { partner, answer: Answer::default(), outcome, latency };
        let Some(seen) = asked::as_seen(seller, question) else {
            return nothing(Outcome::Fails, Duration::ZERO);
        };
        let scale = self.settings().latency_scale;
        let mut latency = match seller.manners.mood(seller.draw, seen.key().0, scale) {
            Mood::Answers(latency) => latency,
            Mood::Fails(latency) => return nothing(Outcome::Fails, latency),
            Mood::Silent => return nothing(Outcome::Fails, Duration::MAX),
        };
        let mut shelf = self.shelf(seller, &seen);
        let mut outcome = Outcome::Whole;
        if let Some(fault) = faults.of(partner) {
            faults::spoil(&mut shelf, seller, fault);
            if let PartnerFault::Slow { ms } = fault {
                latency += Duration::from_millis(u64::from(ms));
            }
            if fault.fails() {
                outcome = Outcome::Fails;
                let arrived = arrived(seller, &shelf.offers, fault);
                shelf.offers.truncate(arrived);
            }
        }
        let answer = answer(self.base_url(), seller, question, &shelf);
        Shown { partner, answer, outcome, latency }
    }
}

/// Offers, from the first, that are whole before a failing partner's answer breaks.
fn arrived(seller: &Seller, offers: &[OnShelf], fault: PartnerFault) -> usize {
    if seller.protocol != ProtocolKind::Fareway {
        return 0;
    }
    match fault {
        PartnerFault::Truncated | PartnerFault::Malformed => {
            let parts = fareway::parts(seller, offers);
            parts[..fareway::whole_parts(parts.len())].iter().map(|part| part.len()).sum()
        }
        PartnerFault::LyingLength => offers.len(),
        _ => 0,
    }
}

/// The columns of a shelf, without offers that do not answer the question as it was meant: a bare
/// code may have told the partner more airports than count.
#[must_use]
pub fn answer(base_url: &str, seller: &Seller, question: &Question, shelf: &Shelf) -> Answer {
    let mut builder = AnswerBuilder::new(Limits::default());
    // The link names the party as the partner was asked for it.
    let seen = asked::as_seen(seller, question);
    let mark = link::party_mark(seen.as_ref().unwrap_or(question));
    let head = link::head(base_url, seller.id.as_str());
    let tail = link::LinkTail::new(shelf, seller.currency);
    let mut scratch = Texts::default();
    for offer in &shelf.offers {
        let answers = shelf.legs_of(offer).zip(&question.legs).all(|((board, candidate), leg)| {
            let ends = candidate.segments().first().zip(candidate.segments().last());
            ends.is_some_and(|(&first, &last)| {
                leg.origin.contains(board.segments[usize::from(first)].origin)
                    && leg.destination.contains(board.segments[usize::from(last)].destination)
            })
        });
        if !answers || offer.flaw != Flaw::None {
            continue;
        }
        let Texts { id, amount, link } = &mut scratch;
        id.clear();
        amount.clear();
        link.clear();
        if seller.protocol == ProtocolKind::Duffel {
            id.extend_from_slice(crate::wire::duffel::ID_PREFIX);
        }
        link::write_id(shelf, offer, &mark, id);
        text::decimal(amount, offer.minor, seller.decimals);
        link::write_link(&head, id, &tail, amount, link);
        // At the builder's limit an answer is full, as a decoder's is.
        if add(&mut builder, seller, question, shelf, offer, link).is_none() {
            break;
        }
    }
    builder.finish()
}

#[derive(Default)]
struct Texts {
    id: Vec<u8>,
    amount: Vec<u8>,
    link: Vec<u8>,
}

/// Adds one offer; nothing if the answer is full.
fn add(
    builder: &mut AnswerBuilder,
    seller: &Seller,
    question: &Question,
    shelf: &Shelf,
    offer: &OnShelf,
    link: &[u8],
) -> Option<()> {
    let mut legs = Vec::with_capacity(shelf.boards.len());
    let mut fares = Vec::new();
    for (board, candidate) in shelf.legs_of(offer) {
        let mut ids = Vec::with_capacity(3);
        for (&index, cabins) in candidate.segments().iter().zip(candidate.cabins()) {
            let segment: Segment = board.segments[usize::from(index)];
            let id = builder.segment(segment);
            ids.push(id);
            if seller.protocol == ProtocolKind::Amadeus {
                let cabin = cabins.seat(question.cabin);
                let fare = basis::of(cabin, offer, segment.carrier);
                let basis = builder.text(fare.basis.as_str()).ok()?;
                fares.push(FareDetail { segment: id, booking_class: fare.class, basis });
            }
        }
        legs.push(builder.leg(&ids).ok()?);
    }
    let itinerary = builder.itinerary(&legs).ok()?;
    let emissions_grams = match seller.protocol {
        ProtocolKind::Fareway => offer.grams,
        ProtocolKind::Duffel => crate::wire::duffel::kilograms(offer) * 1_000,
        ProtocolKind::Amadeus => 0,
    };
    let offer = Offer {
        price: Some(Money::new(offer.minor, seller.currency)),
        agent: seller.agent,
        itinerary,
        fares_start: 0,
        fares_len: 0,
        transfer: offer.transfer,
        cabin_bags: BagAllowance::Included(offer.brand.cabin_bags),
        checked_bags: BagAllowance::Included(offer.brand.checked_bags),
        brand: builder.text(offer.brand.name).ok()?,
        link: stored(builder, link)?,
        emissions_grams,
    };
    builder.offer(offer, &fares).ok()
}

fn stored(builder: &mut AnswerBuilder, bytes: &[u8]) -> Option<Text> {
    builder.text(str::from_utf8(bytes).ok()?).ok()
}
