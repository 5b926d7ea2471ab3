//! What one partner answered, and when: the unit of price memory.
//!
//! Links and fare details of the answer are not remembered: a price older than ten minutes is
//! asked again when a traveller wants to buy.

use std::sync::Arc;

use domain::answer::{AnswerFull, Limits};
use domain::{Answer, AnswerBuilder, Offer, PartnerId, Question, Segment, Text};

/// One partner's answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Who answered.
    pub partner: PartnerId,
    /// What was asked.
    pub question: Arc<Question>,
    /// When the answer came, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What was answered; no offers means that the partner has no flights for the question.
    pub answer: Arc<Answer>,
}

/// An answer as memory keeps it: everything a list of results shows.
///
/// Links and fare details are gone, itineraries without offers too. Flights stand in their order,
/// offers in the order of their itineraries, those of one itinerary in the partner's order, texts in
/// the order in which offers need them. Remembering a remembered answer changes nothing.
///
/// This is the plain statement of what the codec does in columns; tests hold one against the other.
///
/// # Errors
/// [`AnswerFull`] only for an answer that breaks its own rules.
pub fn remembered(answer: &Answer) -> Result<Answer, AnswerFull> {
    let legs_of = |offer: &Offer| -> Vec<Vec<Segment>> {
        answer.legs_of(offer.itinerary).map(|leg| leg.copied().collect()).collect()
    };
    let mut offers: Vec<(Vec<Vec<Segment>>, &Offer)> =
        answer.offers().iter().map(|offer| (legs_of(offer), offer)).collect();
    offers.sort_by(|a, b| a.0.cmp(&b.0));
    let mut legs: Vec<&Vec<Segment>> = offers.iter().flat_map(|(legs, _)| legs).collect();
    legs.sort_unstable();
    let mut segments: Vec<Segment> = legs.iter().flat_map(|leg| leg.iter().copied()).collect();
    segments.sort_unstable();

    let limits = Limits { offers: usize::MAX, text_bytes: u32::MAX as usize };
    let mut builder = AnswerBuilder::new(limits);
    for segment in segments {
        builder.segment(segment);
    }
    let leg_index = |builder: &mut AnswerBuilder, leg: &[Segment]| {
        let row: Vec<u32> = leg.iter().map(|&segment| builder.segment(segment)).collect();
        builder.leg(&row)
    };
    for leg in legs {
        leg_index(&mut builder, leg)?;
    }
    let mut brands: Vec<(&str, Text)> = Vec::new();
    for (legs, offer) in &offers {
        let row: Result<Vec<u32>, _> =
            legs.iter().map(|leg| leg_index(&mut builder, leg)).collect();
        let itinerary = builder.itinerary(&row?)?;
        let brand = match answer.text(offer.brand) {
            "" => Text::default(),
            brand => match brands.iter().find(|(known, _)| *known == brand) {
                Some(&(_, text)) => text,
                None => {
                    let text = builder.text(brand)?;
                    brands.push((brand, text));
                    text
                }
            },
        };
        let offer = Offer { itinerary, brand, link: Text::default(), ..**offer };
        builder.offer(offer, &[])?;
    }
    Ok(builder.finish())
}
