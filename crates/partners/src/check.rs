//! Asks one partner one question and says what was understood: `fareway partners check FILE`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Answer, Question};
use runtime::{Deadline, Fault};

use crate::asker::Asker;
use crate::coverage::NotCovered;
use crate::protocol::{Decimals, UnreadOffer};
use crate::settings::PartnerSettings;

/// Itineraries shown as a sample.
const SAMPLE: usize = 5;

/// What became of the question.
#[derive(Clone, Debug)]
pub struct CheckReport {
    /// Absolute URL of the partner.
    pub endpoint: String,
    /// HTTP status, if an answer came.
    pub status: Option<u16>,
    /// Bytes of the answer, unpacked.
    pub bytes: u64,
    /// Time taken.
    pub took: Duration,
    /// Why a search would not ask this partner this question, if so; it was asked all the same.
    pub not_covered: Option<NotCovered>,
    /// Parts the answer came in.
    pub parts: usize,
    /// Offers understood.
    pub offers: usize,
    /// Itineraries understood.
    pub itineraries: usize,
    /// Some of them, each as one line: flights, price, seller.
    pub sample: Vec<String>,
    /// Offers not understood.
    pub unread_count: u32,
    /// The first of them with place and reason.
    pub unread: Vec<UnreadOffer>,
    /// What went wrong with the answer as a whole: stable code and sentence.
    pub failure: Option<(&'static str, String)>,
}

/// Asks and reports.
pub async fn check(
    asker: &Asker,
    settings: PartnerSettings,
    question: Arc<Question>,
    deadline: Deadline,
) -> CheckReport {
    let decimals = asker.decimals();
    let today = domain::Date::from_days((runtime::unix_ms() / 86_400_000) as i32);
    let not_covered = settings.coverage.covers(&question, today).err();
    let endpoint = settings.endpoint.clone();
    let partner = asker.partner(settings);
    let answers: Arc<Mutex<Vec<Answer>>> = Arc::default();
    let kept = Arc::clone(&answers);
    let sink = Box::new(move |answer| {
        kept.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
    });
    let asked = partner.ask(question, deadline, sink).await;
    let answers = std::mem::take(&mut *answers.lock().unwrap_or_else(PoisonError::into_inner));
    let failure = asked.outcome.err().map(|error| {
        let mut sentence = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            sentence.push_str(": ");
            sentence.push_str(&cause.to_string());
            source = cause.source();
        }
        (error.code(), sentence)
    });
    CheckReport {
        endpoint,
        status: asked.status,
        bytes: asked.bytes,
        took: asked.took,
        not_covered,
        parts: answers.len(),
        offers: answers.iter().map(|answer| answer.offers().len()).sum(),
        itineraries: answers.iter().map(|answer| answer.keys().len()).sum(),
        sample: sample(&answers, decimals),
        unread_count: asked.unread.count,
        unread: asked.unread.first,
        failure,
    }
}

fn sample(answers: &[Answer], decimals: Decimals) -> Vec<String> {
    let mut lines = Vec::new();
    for answer in answers {
        for offer in answer.offers() {
            if lines.len() == SAMPLE {
                return lines;
            }
            let mut line = String::new();
            for leg in answer.legs_of(offer.itinerary) {
                for segment in leg {
                    line.push_str(&format!(
                        "{}{} {} {} - {} {}, ",
                        segment.carrier,
                        segment.number,
                        segment.origin,
                        segment.departs,
                        segment.destination,
                        segment.arrives
                    ));
                }
            }
            if let Some(price) = offer.price {
                let digits = decimals(price.currency).unwrap_or(2);
                line.push_str(&format!("{} {}, ", price.to_decimal(digits), price.currency));
            }
            line.push_str(offer.agent.as_str());
            lines.push(line);
        }
    }
    lines
}
