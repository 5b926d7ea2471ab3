//! Chooses whom to ask a question: at most so many, the same ones everywhere, others in turn.
//!
//! Pure. A partner is a candidate if it is switched on, not paused, and sells what is asked. Of more
//! candidates than may be asked, airlines that fly at both ends come first, because nobody else
//! may have their prices; a quarter of the places is kept for the others, because they undercut
//! them. Within either group the order is by rendezvous: a hash of question and partner. So a
//! question asked again goes to the same partners (and finds what they remember), and different
//! questions spread evenly over all of them.
//!
//! Cost: one coverage check a partner, well under a microsecond; 1,200 partners take about 100 us.

use domain::{Date, PartnerId, Question, QuestionKey};
use partners::{AgentKind, Partner};
use std::sync::Arc;

use crate::ledger::NotAsked;

/// The share of places kept for partners that are not airlines at both ends: one in so many.
const OTHERS_SHARE: usize = 4;

/// Whom to ask, and why not the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Indexes of the partners to ask, the most wanted first.
    pub ask: Vec<u16>,
    /// By partner, why it is not asked; `None` for those that are.
    pub reasons: Vec<Option<NotAsked>>,
}

/// Chooses at most `most` of the partners.
#[must_use]
pub fn choose_partners(
    question: &Question,
    roster: &[Arc<dyn Partner>],
    today: Date,
    most: usize,
) -> Choice {
    let key = question.key();
    let mut reasons = vec![None; roster.len()];
    // By group: airlines at both ends, others.
    let mut groups: [Vec<(u64, u16)>; 2] = Default::default();
    // Partners beyond what a row can name are never reached: settings hold 1,200.
    for (index, partner) in roster.iter().enumerate().take(u16::MAX as usize) {
        match candidate(&**partner, question, today) {
            Err(reason) => reasons[index] = Some(reason),
            Ok(()) => {
                let group = usize::from(!is_airline_at_both_ends(&**partner));
                groups[group].push((weight(key, partner.settings().id), index as u16));
            }
        }
    }
    for group in &mut groups {
        group.sort_unstable_by(|a, b| b.cmp(a));
    }
    let [airlines, others] = groups;
    let kept_for_others = others.len().min(most.div_ceil(OTHERS_SHARE));
    let airlines_asked = airlines.len().min(most - kept_for_others.min(most));
    let others_asked = others.len().min(most - airlines_asked);
    let chosen = airlines[..airlines_asked].iter().chain(&others[..others_asked]);
    let ask = chosen.map(|&(_, index)| index).collect();
    for &(_, index) in airlines[airlines_asked..].iter().chain(&others[others_asked..]) {
        reasons[index as usize] = Some(NotAsked::Limit);
    }
    Choice { ask, reasons }
}

fn candidate(partner: &dyn Partner, question: &Question, today: Date) -> Result<(), NotAsked> {
    let settings = partner.settings();
    if !settings.enabled {
        return Err(NotAsked::Disabled);
    }
    settings.coverage.covers(question, today).map_err(NotAsked::NotCovered)?;
    if partner.paused().is_some() { Err(NotAsked::Paused) } else { Ok(()) }
}

/// Whether the partner sells an airline's own flights and names the airports it serves. That the
/// question's ends are among them has been checked with its coverage.
fn is_airline_at_both_ends(partner: &dyn Partner) -> bool {
    let settings = partner.settings();
    settings.coverage.airports.is_some()
        && settings.agents.iter().any(|agent| agent.kind == AgentKind::Airline)
}

/// Rendezvous: the same for the same question and partner everywhere, and otherwise as if drawn.
fn weight(question: QuestionKey, partner: PartnerId) -> u64 {
    let mut bytes = [0_u8; 24];
    bytes[..16].copy_from_slice(&question.0.to_le_bytes());
    bytes[16..].copy_from_slice(&partner.packed().to_le_bytes());
    xxhash_rust::xxh3::xxh3_64(&bytes)
}

#[cfg(test)]
mod tests;
