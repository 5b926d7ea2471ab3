//! Why a partner gave no usable or no whole answer.

use std::time::Duration;

use runtime::{Blame, Fault, Retry};
use thiserror::Error;

use crate::protocol::DecodeError;

/// One partner failed to give a whole answer to one question.
#[derive(Debug, Error)]
pub enum PartnerError {
    /// No complete answer before the deadline.
    #[error("no complete answer within {} ms", waited.as_millis())]
    TimedOut {
        /// Time waited.
        waited: Duration,
    },
    /// The partner asked us to slow down; it is not asked before that time has passed.
    #[error("the partner asks us to wait {} ms", retry_after.as_millis())]
    Throttled {
        /// Time to wait from now.
        retry_after: Duration,
    },
    /// The partner answered with an error.
    #[error("the partner refused with status {status}")]
    Refused {
        /// HTTP status.
        status: u16,
    },
    /// No connection could be made.
    #[error("the partner cannot be reached")]
    Unreachable {
        /// What the connector said.
        #[source]
        cause: std::io::Error,
    },
    /// The connection ended before the answer did.
    #[error("the connection ended before the answer did")]
    ConnectionLost {
        /// What the connection said, if anything.
        #[source]
        cause: Option<hyper::Error>,
    },
    /// The answer is larger than the settings allow.
    #[error("the answer is larger than {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
    /// The answer cannot be read as a document of the protocol.
    #[error("the answer cannot be read")]
    Unreadable {
        /// What is wrong with it.
        #[source]
        cause: DecodeError,
    },
    /// Our own quota for this partner is used up.
    #[error("the quota of requests per second is used up")]
    OverQuota {
        /// Time until a request would be allowed.
        retry_after: Duration,
    },
    /// Too many requests to this partner, or to all partners, are open already.
    #[error("too many requests are open already")]
    Busy,
    /// The partner's protocol cannot express the question.
    #[error("the partner cannot be asked this")]
    CannotAsk {
        /// Why not.
        #[source]
        cause: CannotAsk,
    },
}

impl Fault for PartnerError {
    fn code(&self) -> &'static str {
        match self {
            Self::TimedOut { .. } => "partner_timeout",
            Self::Throttled { .. } => "partner_throttled",
            Self::Refused { .. } => "partner_refused",
            Self::Unreachable { .. } => "partner_unreachable",
            Self::ConnectionLost { .. } => "partner_connection_lost",
            Self::TooLarge { .. } => "partner_too_large",
            Self::Unreadable { .. } => "partner_unreadable",
            Self::OverQuota { .. } => "partner_over_quota",
            Self::Busy => "partner_busy",
            Self::CannotAsk { .. } => "partner_cannot_ask",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::TimedOut { .. }
            | Self::Throttled { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::ConnectionLost { .. }
            | Self::TooLarge { .. }
            | Self::Unreadable { .. } => Blame::Partner,
            Self::OverQuota { .. } | Self::Busy => Blame::Us,
            Self::CannotAsk { .. } => Blame::Caller,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Throttled { retry_after } | Self::OverQuota { retry_after } => {
                Retry::After(*retry_after)
            }
            Self::TimedOut { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::ConnectionLost { .. }
            | Self::TooLarge { .. }
            | Self::Unreadable { .. }
            | Self::Busy
            | Self::CannotAsk { .. } => Retry::Never,
        }
    }
}

/// Why a question cannot be put into a partner's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CannotAsk {
    /// More travellers than the protocol carries.
    #[error("the protocol carries at most {0} travellers")]
    Travellers(u32),
    /// More legs than the protocol carries, or none.
    #[error("the protocol carries 1 to {0} legs")]
    Legs(u32),
    /// The endpoint and path do not make a URL.
    #[error("the endpoint does not make a URL")]
    Url,
}
