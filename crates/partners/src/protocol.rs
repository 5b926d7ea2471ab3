//! Wire protocols, each a pure pair: a question becomes a request, bytes become an answer.
//!
//! ```text
//! request(&Question, &PartnerSettings) ─▶ Outgoing        method, path, headers, body
//! decode(&[u8], &DecodeContext)        ─▶ Decoded         columns, and what was not understood
//! ```
//!
//! No socket, clock or task here. A document that is not one of the protocol is a [`DecodeError`];
//! a single offer that cannot be trusted is left out and counted in [`Unread`] with its path and
//! [`Reason`], and the rest stays. A new protocol is one more module here (NDC and Kiwi have their
//! place beside these three) and one arm in `asker::exchange`.
//!
//! Cost: decoders borrow from the bytes and reuse one draft for all offers; no allocation per offer.

use std::fmt;

use bytes::Bytes;
use domain::{Answer, CurrencyCode, Question};
use http::{HeaderMap, Method};
use thiserror::Error;

use crate::settings::PartnerSettings;

pub mod amadeus;
pub(crate) mod draft;
pub mod duffel;
pub mod fareway;
pub(crate) mod json;
#[cfg(test)]
pub(crate) mod proving;
pub(crate) mod read;

/// Gives a currency's minor digits, or `None` for a currency nobody knows.
pub type Decimals = fn(CurrencyCode) -> Option<u8>;

/// What a decoder must know besides the bytes.
#[derive(Clone, Copy)]
pub struct DecodeContext<'c> {
    /// The question; offers that do not answer it are left out.
    pub question: &'c Question,
    /// The partner.
    pub settings: &'c PartnerSettings,
    /// Minor digits by currency.
    pub decimals: Decimals,
    /// Offers of the whole answer at most; more are counted, not kept.
    pub offers_max: usize,
}

impl fmt::Debug for DecodeContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeContext")
            .field("partner", &self.settings.id)
            .field("offers_max", &self.offers_max)
            .finish_non_exhaustive()
    }
}

/// Offers of one answer at most.
pub const OFFERS_MAX: usize = 10_000;

/// What was understood, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// What was understood.
    pub answer: Answer,
    /// What was not.
    pub unread: Unread,
}

/// Offers that were left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// How many.
    pub count: u32,
    /// The first of them, at most [`Unread::FIRST`].
    pub first: Vec<UnreadOffer>,
}

impl Unread {
    /// How many are kept with path and reason.
    pub const FIRST: usize = 10;

    /// Counts one; `path` is only asked for while there is room.
    pub fn add(&mut self, reason: Reason, path: impl FnOnce() -> String) {
        self.count = self.count.saturating_add(1);
        if self.first.len() < Self::FIRST {
            self.first.push(UnreadOffer { path: path(), reason });
        }
    }

    /// Adds what another part left out.
    pub fn merge(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        let room = Self::FIRST.saturating_sub(self.first.len());
        self.first.extend(other.first.into_iter().take(room));
    }
}

/// One offer that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadOffer {
    /// Where in the document, e.g. `data.offers[3].total_currency`.
    pub path: String,
    /// Why.
    pub reason: Reason,
}

/// Why an offer was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A value that must be there is not.
    Missing,
    /// A value of the wrong type or form: code, flight number, time, number.
    Malformed,
    /// A currency nobody knows.
    UnknownCurrency,
    /// An amount that is no decimal number, is not positive, or has too many decimals.
    BadAmount,
    /// A seller the partner's settings do not list.
    UnknownAgent,
    /// Airports that were not asked for.
    OtherPlaces,
    /// A day that was not asked for.
    OtherDate,
    /// Another number of legs than asked for.
    OtherLegs,
    /// A lower cabin than asked for on every flight.
    OtherCabin,
    /// Flights that do not follow each other in time, or last impossibly long.
    ImpossibleTimes,
    /// Too many legs or segments.
    TooLong,
    /// A link that is missing, too long, or not `http`/`https`.
    BadLink,
    /// A reference to something the document does not have.
    Dangling,
    /// The answer is full.
    Full,
}

impl Reason {
    /// Stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::UnknownCurrency => "unknown_currency",
            Self::BadAmount => "bad_amount",
            Self::UnknownAgent => "unknown_agent",
            Self::OtherPlaces => "other_places",
            Self::OtherDate => "other_date",
            Self::OtherLegs => "other_legs",
            Self::OtherCabin => "other_cabin",
            Self::ImpossibleTimes => "impossible_times",
            Self::TooLong => "too_long",
            Self::BadLink => "bad_link",
            Self::Dangling => "dangling",
            Self::Full => "full",
        }
    }
}

/// A document that is not one of the protocol.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// It is not JSON, or ends too early.
    #[error("not valid JSON at byte {at}: {problem}")]
    NotJson {
        /// Byte offset, as far as it is known.
        at: usize,
        /// What the parser said, shortened.
        problem: String,
    },
    /// It is JSON, but what holds the offers is missing or of another type.
    #[error("{path} is missing or not {expected}")]
    NotADocument {
        /// Where the offers should be.
        path: &'static str,
        /// What should be there.
        expected: &'static str,
    },
    /// A line of a streamed answer is too long.
    #[error("a line is longer than {0} bytes")]
    LineTooLong(usize),
    /// More parts than allowed.
    #[error("more than {0} parts")]
    TooManyParts(u32),
    /// Compressed bytes that do not unpack.
    #[error("the compressed answer is damaged")]
    NotGzip,
    /// The last line says another number of parts than came.
    #[error("{announced} parts announced, {received} received")]
    PartsMissing {
        /// What the last line says.
        announced: u32,
        /// What came.
        received: u32,
    },
}

/// A request ready to be sent.
#[derive(Clone)]
pub struct Outgoing {
    /// Method.
    pub method: Method,
    /// Absolute URL.
    pub url: String,
    /// Headers without length, host and deadline, which the asker adds.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl fmt::Debug for Outgoing {
    /// Leaves out headers and body: they may carry credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Header that carries the milliseconds left until the search's deadline.
pub const DEADLINE_HEADER: &str = "x-fareway-deadline-ms";
