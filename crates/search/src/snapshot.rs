//! What is known of a search at one moment.

use std::sync::Arc;

use domain::{AgentId, ItineraryKey, Money, Question, SearchRequest};

use crate::collect::{Role, Status};
use crate::display::Display;
use crate::ledger::{Ledger, Progress};
use crate::link::{LinkId, LinkSigner};
use crate::merged::{Merged, MergedItinerary, OfferView};
use crate::remembered::Source;
use crate::token::{SearchId, Seen};
use crate::view::{Page, View, view};

/// What a signed link id leads to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    /// The address the seller gave; empty if the offer is remembered.
    pub(crate) link: &'a str,
    /// Who gave it.
    pub(crate) source: Option<Source>,
    /// To which of the fan-out's questions.
    pub(crate) role: Role,
    /// Names the offer in its partner's answer.
    pub(crate) offer: LinkId,
    /// The itinerary that was chosen.
    pub(crate) itinerary: ItineraryKey,
    /// Who sells it.
    pub(crate) agent: AgentId,
    /// At what total, as it was shown.
    pub(crate) quoted: Option<Money>,
}

/// One version of a growing answer. Never changes; the next version is another snapshot.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The search.
    pub search: SearchId,
    /// Rises with every part of an answer and every partner that ends.
    pub version: u32,
    /// Which run of the fan-out the version belongs to.
    pub run: u32,
    /// Whether more is to come.
    pub status: Status,
    /// What was asked.
    pub request: Arc<SearchRequest>,
    /// What that means.
    pub question: Arc<Question>,
    /// How it is shown.
    pub display: Arc<Display>,
    /// The merged answers.
    pub merged: Arc<Merged>,
    /// What became of every partner.
    pub ledger: Ledger,
    /// Partners asked, answered, failed.
    pub progress: Progress,
    /// When the fan-out began, milliseconds since 1970.
    pub started_unix_ms: i64,
    pub(crate) links: Arc<LinkSigner>,
}

impl Snapshot {
    /// What a token that was given out with this snapshot has seen.
    #[must_use]
    pub fn seen(&self) -> Seen {
        Seen { run: self.run, version: self.version }
    }

    /// What names the search in its cursors ([`View::search`]).
    #[must_use]
    pub fn cursor_scope(&self) -> u64 {
        (self.search.0 ^ (self.search.0 >> 64)) as u64
    }

    /// One page of the answer.
    ///
    /// The first page of an answer in the usual order is worked out once for all searches that read
    /// the answer: of a remembered one these are many.
    #[must_use]
    pub fn view(&self, wanted: &View) -> Page {
        let work_out = || view(&self.merged, &self.question, &self.display, wanted);
        if !(self.display.is_whole() && wanted.is_usual()) {
            return work_out();
        }
        let mut page = self.merged.first_page.get_or_init(work_out).clone();
        if let Some(next) = &mut page.next {
            *next = wanted.own(*next);
        }
        page
    }

    /// Adds the signed link id of an offer to a text; `part` is 0 for the whole offer, 1 and 2 for
    /// the parts of a combination.
    pub fn write_link(
        &self,
        itinerary: &MergedItinerary,
        offer: &OfferView<'_>,
        part: u8,
        out: &mut String,
    ) {
        self.links.write(link_id(itinerary, offer, part), out);
    }

    /// What is behind a signed link id; `None` if nothing is that can be bought.
    pub(crate) fn follow(&self, link: &str) -> Option<Target<'_>> {
        let wanted = self.links.open(link)?;
        for itinerary in self.merged.itineraries() {
            for option in self.merged.any_order(itinerary) {
                let offer = self.merged.offer(option);
                if link_id(itinerary, &offer, 0) == wanted {
                    let target = Target {
                        link: offer.link(),
                        source: offer.source(),
                        role: Role::Whole,
                        offer: wanted,
                        itinerary: itinerary.key,
                        agent: offer.agent(),
                        quoted: offer.quoted(),
                    };
                    return offer.can_follow().then_some(target);
                }
                for (index, part) in offer.parts().enumerate() {
                    if link_id(itinerary, &offer, index as u8 + 1) == wanted {
                        let ticket = part.part();
                        let key = ticket.answer.keys()[ticket.offer().itinerary as usize];
                        let target = Target {
                            link: part.link(),
                            source: ticket.source,
                            role: if index == 0 { Role::First } else { Role::Second },
                            offer: LinkId::of(key, part.agent(), part.brand(), 0),
                            itinerary: itinerary.key,
                            agent: part.agent(),
                            quoted: part.quoted(),
                        };
                        return part.can_follow().then_some(target);
                    }
                }
            }
        }
        None
    }
}

/// The fingerprint of an offer's link. Parts of a combination are told apart by their own seller
/// and brand too, so that a link never leads to another seller's ticket.
fn link_id(itinerary: &MergedItinerary, offer: &OfferView<'_>, part: u8) -> LinkId {
    match offer.parts().nth(usize::from(part.max(1)) - 1) {
        Some(ticket) if part > 0 => LinkId::of(itinerary.key, ticket.agent(), ticket.brand(), part),
        _ => LinkId::of(itinerary.key, offer.agent(), offer.brand(), part),
    }
}
