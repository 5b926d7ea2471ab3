//! What one partner answered, and when: the unit of price memory.
//!
//! Links and fare details of the answer are not remembered: a price older than ten minutes is
//! asked again when a traveller wants to buy.

use std::sync::Arc;

use domain::{Answer, PartnerId, Question};

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
