//! Why a search could not be created, found or shown.
//!
//! A partner's failure is never here: it stands in the ledger (see [`crate::ledger`]).

use std::time::Duration;

use domain::{InvalidSearch, ItineraryKey, Place};
use runtime::{Blame, Fault, Retry};
use thiserror::Error;

/// A wish about how to show the answer that cannot be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidDisplay {
    /// Not a language tag.
    #[error("expected a language tag of 2 to 16 letters, digits and hyphens, e.g. en-GB")]
    Locale,
    /// A currency there is no exchange rate for.
    #[error("prices cannot be shown in {0}")]
    Currency(domain::CurrencyCode),
    /// A list of carriers or agents that is too long.
    #[error("at most {max} carriers or agents can be listed, got {got}")]
    TooMany {
        /// The limit.
        max: usize,
        /// What was sent.
        got: usize,
    },
}

/// Which end of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Where it starts.
    Origin,
    /// Where it ends.
    Destination,
}

/// A token that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Not a token, or one that was changed.
    #[error("the token is not one of ours")]
    Forged,
    /// A token older than its time.
    #[error("the token has expired; start a new search")]
    Expired,
}

/// Why the engine did not answer with a search.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SearchError {
    /// The request is not a search.
    #[error(transparent)]
    Invalid(#[from] InvalidSearch),
    /// A place that has no airport.
    #[error("leg {} {} a place without airports", .leg + 1, match .end { End::Origin => "starts at", End::Destination => "ends at" })]
    UnknownPlace {
        /// Index of the leg, from 0.
        leg: usize,
        /// Which end.
        end: End,
        /// The place.
        place: Place,
    },
    /// The answer cannot be shown like that.
    #[error(transparent)]
    Display(#[from] InvalidDisplay),
    /// The token cannot be used.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The link is not one of this search, or its offer is gone.
    #[error("the link belongs to no offer of this search, or to one that is no longer sold")]
    NoSuchOffer {
        /// The itinerary, if the offer was one of this search.
        itinerary: Option<ItineraryKey>,
    },
    /// As many searches are open as there may be, or more is to do than can be done in time.
    #[error("too many searches at once; try again in {} s", .retry_after.as_secs())]
    Overloaded {
        /// When trying again is likely to help.
        retry_after: Duration,
    },
    /// The engine is stopping.
    #[error("the service is stopping")]
    Stopping,
    /// A broken invariant of ours; the search is lost, others are not.
    #[error("the search failed inside")]
    Internal,
}

impl Fault for SearchError {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(InvalidSearch::LegCount(_)) => "search_leg_count",
            Self::Invalid(InvalidSearch::SamePlace { .. }) => "search_same_place",
            Self::Invalid(InvalidSearch::DatesDescend { .. }) => "search_dates_descend",
            Self::Invalid(InvalidSearch::Past { .. }) => "search_date_past",
            Self::Invalid(InvalidSearch::TooFar { .. }) => "search_date_too_far",
            Self::UnknownPlace { .. } => "search_place_unknown",
            Self::Display(InvalidDisplay::Locale) => "search_locale_invalid",
            Self::Display(InvalidDisplay::Currency(_)) => "search_currency_unknown",
            Self::Display(InvalidDisplay::TooMany { .. }) => "search_selection_too_long",
            Self::Token(TokenError::Forged) => "search_token_invalid",
            Self::Token(TokenError::Expired) => "search_token_expired",
            Self::NoSuchOffer { .. } => "search_offer_not_found",
            Self::Overloaded { .. } => "search_overloaded",
            Self::Stopping => "search_stopping",
            Self::Internal => "search_internal",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Invalid(_)
            | Self::UnknownPlace { .. }
            | Self::Display(_)
            | Self::Token(_)
            | Self::NoSuchOffer { .. } => Blame::Caller,
            Self::Overloaded { .. } | Self::Stopping | Self::Internal => Blame::Us,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Overloaded { retry_after } => Retry::After(*retry_after),
            Self::Stopping | Self::Internal => Retry::Elsewhere,
            Self::Invalid(_)
            | Self::UnknownPlace { .. }
            | Self::Display(_)
            | Self::Token(_)
            | Self::NoSuchOffer { .. } => Retry::Never,
        }
    }
}
