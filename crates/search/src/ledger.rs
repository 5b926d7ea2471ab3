//! What became of every partner in a search: asked or not and why, offers, time, failure.

use std::sync::Arc;

use domain::PartnerId;
use partners::{NotCovered, Partner};

/// All partners, in the order of the settings.
pub type Roster = Arc<[Arc<dyn Partner>]>;

/// Why a partner was not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotAsked {
    /// Enough others were asked.
    Limit,
    /// It is switched off.
    Disabled,
    /// It asked us to wait, and the time is not over.
    Paused,
    /// The question is not for it.
    NotCovered(NotCovered),
}

impl NotAsked {
    /// Stable code for the ledger.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Limit => "not_asked: limit",
            Self::Disabled => "not_asked: disabled",
            Self::Paused => "not_asked: paused",
            Self::NotCovered(reason) => reason.code(),
        }
    }
}

/// Code in a row of a partner that was not asked because what it said before is still fresh.
pub const REMEMBERED: &str = "remembered";

/// Code in a row of a partner that was asked only for one part of a self-transfer.
pub const ASKED_FOR_SELF_TRANSFER: &str = "asked: self_transfer";

/// What became of one partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow<'a> {
    /// The partner.
    pub partner: PartnerId,
    /// Its name for people.
    pub name: &'a str,
    /// Its protocol's name.
    pub protocol: &'static str,
    /// Whether it was asked.
    pub asked: bool,
    /// When its remembered answer was seen, milliseconds since 1970; `None` if it was asked.
    pub seen_ms: Option<i64>,
    /// Why it was not asked, or what for if not for the whole question.
    pub reason: Option<&'static str>,
    /// Offers it gave that were taken up.
    pub offers: u32,
    /// Milliseconds until it had ended; `None` while it is awaited, or if it was not asked.
    pub ms: Option<u32>,
    /// Stable code of what went wrong.
    pub fault: Option<&'static str>,
    /// Version of the search in which this row last changed.
    pub version: u32,
}

/// One row of a partner that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AskedRow {
    /// Index of the partner in the set.
    pub(crate) partner: u16,
    /// Whether it was asked only for a part of a self-transfer.
    pub(crate) only_part: bool,
    pub(crate) offers: u32,
    pub(crate) ms: Option<u32>,
    pub(crate) fault: Option<&'static str>,
    /// When its answer was seen, if it was remembered and the partner not asked.
    pub(crate) seen_ms: Option<i64>,
    pub(crate) version: u32,
}

/// Partners asked, answered and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Partners whose answer is wanted, remembered ones included.
    pub asked: u32,
    /// Of those, the ones not asked because what they said before is still fresh.
    pub remembered: u32,
    /// Of those, the ones whose answer came whole.
    pub answered: u32,
    /// Of those, the ones that failed.
    pub failed: u32,
}

impl Progress {
    /// Share of the partners that were asked and answered; all of it if none was.
    pub(crate) fn useful(&self) -> f64 {
        let asked = self.asked.saturating_sub(self.remembered);
        let answered = self.answered.saturating_sub(self.remembered);
        if asked == 0 { 1.0 } else { f64::from(answered) / f64::from(asked) }
    }
}

/// One row for every partner.
#[derive(Clone, Debug)]
pub struct Ledger {
    roster: Roster,
    asked: Arc<[AskedRow]>,
    /// By partner, why it was not asked.
    reasons: Arc<[Option<NotAsked>]>,
}

impl Ledger {
    pub(crate) fn new(
        roster: Roster,
        asked: Arc<[AskedRow]>,
        reasons: Arc<[Option<NotAsked>]>,
    ) -> Self {
        Self { roster, asked, reasons }
    }

    /// One row for every partner: those asked first, the others in the order of the settings.
    pub fn rows(&self) -> impl Iterator<Item = LedgerRow<'_>> + '_ {
        let unasked = self.reasons.iter().enumerate().filter_map(|(partner, reason)| {
            let settings = self.roster.get(partner)?.settings();
            Some(LedgerRow {
                partner: settings.id,
                name: &settings.name,
                protocol: settings.protocol.name(),
                asked: false,
                seen_ms: None,
                reason: Some((*reason)?.code()),
                offers: 0,
                ms: None,
                fault: None,
                version: 0,
            })
        });
        self.asked().chain(unasked)
    }

    /// Rows of the partners that were asked or whose answer was remembered.
    pub fn asked(&self) -> impl Iterator<Item = LedgerRow<'_>> + '_ {
        self.asked.iter().filter_map(|row| {
            let settings = self.roster.get(row.partner as usize)?.settings();
            let AskedRow { partner: _, only_part, offers, ms, fault, seen_ms, version } = *row;
            Some(LedgerRow {
                partner: settings.id,
                name: &settings.name,
                protocol: settings.protocol.name(),
                asked: seen_ms.is_none(),
                seen_ms,
                reason: match (only_part, seen_ms) {
                    (true, _) => Some(ASKED_FOR_SELF_TRANSFER),
                    (false, Some(_)) => Some(REMEMBERED),
                    (false, None) => None,
                },
                offers,
                ms,
                fault,
                version,
            })
        })
    }

    /// How far the search is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let ended = |failed: bool| {
            let same = |row: &&AskedRow| row.ms.is_some() && row.fault.is_some() == failed;
            self.asked.iter().filter(same).count() as u32
        };
        Progress {
            asked: self.asked.len() as u32,
            remembered: self.asked.iter().filter(|row| row.seen_ms.is_some()).count() as u32,
            answered: ended(false),
            failed: ended(true),
        }
    }

    /// The sellers of the partners that were asked, whether they had an offer or not.
    pub fn agents(&self) -> impl Iterator<Item = &partners::AgentSettings> {
        let settings = |row: &AskedRow| self.roster.get(row.partner as usize);
        self.asked.iter().filter_map(settings).flat_map(|partner| partner.settings().agents.iter())
    }
}
