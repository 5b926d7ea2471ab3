//! Failure modes that can be switched on for each partner, and what each means for what is true.
//!
//! | fault | on the wire | what must be shown |
//! |---|---|---|
//! | `slow` | everything so many ms later | the same, if the search waits that long |
//! | `hanging` | nothing, ever | nothing; the partner failed |
//! | `status` | that HTTP status | nothing; failed |
//! | `throttled` | 429 with `retry-after` | nothing; failed |
//! | `reset` | the connection is reset before the answer | nothing; failed |
//! | `truncated` | the connection ends half way | whole parts that came (own protocol); failed |
//! | `malformed` | broken JSON half way | parts before it (own protocol); failed |
//! | `wrong_types` | every third offer has a price that is no text | the other offers |
//! | `unknown_currency` | every third offer is in a currency nobody knows | the other offers |
//! | `ten_thousand` | the offers again and again at rising prices, 10,000 in all | all 10,000 |
//! | `duplicates` | every offer twice | each once |
//! | `lying_length` | `content-length` says more than comes | parts that came (own protocol); failed |
//!
//! [`Flaw`] marks single offers; `wire` renders the flaw and `truth` leaves the offer out.

use domain::PartnerId;
use runtime::FixedMap;
use serde::{Deserialize, Serialize};

use crate::offer::Shelf;
use crate::seller::Seller;

/// Offers of [`PartnerFault::TenThousand`].
pub const TEN_THOUSAND: usize = 10_000;
/// A currency code that no table knows.
pub const UNKNOWN_CURRENCY: &[u8; 3] = b"XQQ";

/// What is wrong with a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum PartnerFault {
    /// Answers so much later.
    Slow {
        /// Milliseconds more, at most 600,000.
        ms: u32,
    },
    /// Never answers.
    Hanging,
    /// Answers with an error.
    Status {
        /// HTTP status, 400 to 599.
        code: u16,
    },
    /// Asks to slow down.
    Throttled {
        /// Seconds to wait, at most 86,400.
        retry_after_s: u32,
    },
    /// Resets the connection.
    Reset,
    /// Ends the connection half way.
    Truncated,
    /// Sends broken JSON.
    Malformed,
    /// Sends values of wrong types.
    WrongTypes,
    /// Quotes in a currency nobody knows.
    UnknownCurrency,
    /// Sends ten thousand offers.
    TenThousand,
    /// Sends every offer twice.
    Duplicates,
    /// Announces more bytes than it sends.
    LyingLength,
}

/// A value of a fault that is out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be {} to {}, got {got}", .range[0], .range[1])]
pub struct InvalidFault {
    field: &'static str,
    range: [u32; 2],
    got: u32,
}

impl PartnerFault {
    /// One of each kind, with usual values.
    pub const ALL: [Self; 12] = [
        Self::Slow { ms: 400 },
        Self::Hanging,
        Self::Status { code: 500 },
        Self::Throttled { retry_after_s: 1 },
        Self::Reset,
        Self::Truncated,
        Self::Malformed,
        Self::WrongTypes,
        Self::UnknownCurrency,
        Self::TenThousand,
        Self::Duplicates,
        Self::LyingLength,
    ];

    /// Checks its values.
    ///
    /// # Errors
    /// [`InvalidFault`] naming the field and its range.
    pub fn validate(self) -> Result<(), InvalidFault> {
        let (field, range, got) = match self {
            Self::Slow { ms } => ("ms", [0, 600_000], ms),
            Self::Status { code } => ("code", [400, 599], u32::from(code)),
            Self::Throttled { retry_after_s } => ("retry_after_s", [0, 86_400], retry_after_s),
            Self::Hanging
            | Self::Reset
            | Self::Truncated
            | Self::Malformed
            | Self::WrongTypes
            | Self::UnknownCurrency
            | Self::TenThousand
            | Self::Duplicates
            | Self::LyingLength => return Ok(()),
        };
        let fits = (range[0]..=range[1]).contains(&got);
        if fits { Ok(()) } else { Err(InvalidFault { field, range, got }) }
    }

    /// Whether the partner fails altogether or in part.
    #[must_use]
    pub const fn fails(self) -> bool {
        match self {
            Self::Slow { .. }
            | Self::WrongTypes
            | Self::UnknownCurrency
            | Self::TenThousand
            | Self::Duplicates => false,
            Self::Hanging
            | Self::Status { .. }
            | Self::Throttled { .. }
            | Self::Reset
            | Self::Truncated
            | Self::Malformed
            | Self::LyingLength => true,
        }
    }
}

/// What is wrong with one offer on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    #[default]
    None,
    /// Its price is not a text.
    Type,
    /// Its currency is not known.
    Currency,
    /// It is said a second time.
    Repeat,
}

impl Flaw {
    /// The letters of the currency that an offer of a seller names.
    #[must_use]
    pub const fn currency(self, seller: &Seller) -> [u8; 3] {
        match self {
            Self::Currency => *UNKNOWN_CURRENCY,
            Self::None | Self::Type | Self::Repeat => seller.currency.to_bytes(),
        }
    }
}

/// The faults of all partners.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    faults: FixedMap<PartnerId, PartnerFault>,
}

impl FaultPlan {
    /// No faults.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// One in so many sellers gets a fault, all kinds in turn.
    #[must_use]
    pub fn one_in(count: usize, sellers: &[Seller]) -> Self {
        let chosen = sellers.iter().step_by(count.max(1));
        let kinds = PartnerFault::ALL.iter().cycle();
        Self { faults: chosen.zip(kinds).map(|(seller, fault)| (seller.id, *fault)).collect() }
    }

    /// Sets or takes away a partner's fault.
    pub fn set(&mut self, partner: PartnerId, fault: Option<PartnerFault>) {
        match fault {
            Some(fault) => self.faults.insert(partner, fault),
            None => self.faults.remove(&partner),
        };
    }

    /// Takes all faults away.
    pub fn clear(&mut self) {
        self.faults.clear();
    }

    /// The fault of a partner.
    #[must_use]
    pub fn of(&self, partner: PartnerId) -> Option<PartnerFault> {
        self.faults.get(&partner).copied()
    }

    /// All faults, by partner.
    #[must_use]
    pub fn list(&self) -> Vec<(PartnerId, PartnerFault)> {
        let mut list: Vec<_> = self.faults.iter().map(|(id, fault)| (*id, *fault)).collect();
        list.sort_by_key(|(id, _)| *id);
        list
    }
}

/// Does to the offers of a shelf what a fault does to them.
pub fn spoil(shelf: &mut Shelf, seller: &Seller, fault: PartnerFault) {
    match fault {
        PartnerFault::WrongTypes => mark_thirds(shelf, Flaw::Type),
        PartnerFault::UnknownCurrency => mark_thirds(shelf, Flaw::Currency),
        PartnerFault::Duplicates => {
            let twice = shelf.offers.iter().flat_map(|&offer| {
                let mut again = offer;
                again.flaw = Flaw::Repeat;
                [offer, again]
            });
            shelf.offers = twice.collect();
        }
        PartnerFault::TenThousand => multiply(shelf, seller),
        PartnerFault::Slow { .. }
        | PartnerFault::Hanging
        | PartnerFault::Status { .. }
        | PartnerFault::Throttled { .. }
        | PartnerFault::Reset
        | PartnerFault::Truncated
        | PartnerFault::Malformed
        | PartnerFault::LyingLength => {}
    }
}

fn mark_thirds(shelf: &mut Shelf, flaw: Flaw) {
    for offer in shelf.offers.iter_mut().step_by(3) {
        offer.flaw = flaw;
    }
}

/// The offers again and again, each time a step dearer.
fn multiply(shelf: &mut Shelf, seller: &Seller) {
    let count = shelf.offers.len();
    if count == 0 {
        return;
    }
    shelf.offers.reserve_exact(TEN_THOUSAND.saturating_sub(count));
    for index in count..TEN_THOUSAND {
        let mut offer = shelf.offers[index % count];
        offer.minor += seller.round_to * (index / count) as i64;
        shelf.offers.push(offer);
    }
}
