//! Who sells: names and kinds of agents, and which partner brings whom.
//!
//! Made anew when the registry's set of partners changes (see `state.rs`); reading is one look-up.

use domain::{AgentId, PartnerId};
use partners::{AgentKind, AgentSettings};
use runtime::FixedMap;

use crate::json::Json;

/// A seller as a traveller sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentCard {
    /// Name.
    pub name: String,
    /// Whether it is an airline that sells its own flights.
    pub airline: bool,
    /// The members `agent`, `name` and `kind` as JSON, because they stand in every option.
    pub(crate) members: Box<[u8]>,
}

/// The members of an option that is sold by two, each of whom stands with their own ticket.
pub(crate) const NOBODY: &[u8] = br#""agent":null,"name":null,"kind":null"#;

impl AgentCard {
    /// The card of a name; `id` is what it is known by.
    #[must_use]
    pub fn new(id: AgentId, name: &str, airline: bool) -> Self {
        let mut json = Json::default();
        let kind: &[u8] = if airline { b"airline" } else { b"travel_agent" };
        json.put(b"\"agent\":\"").put(id.as_str().as_bytes());
        json.put(b"\",\"name\":\"").put_escaped(name);
        json.put(b"\",\"kind\":\"").put(kind).put(b"\"");
        Self { name: name.to_owned(), airline, members: json.into_bytes().into() }
    }
}

/// All agents of all partners.
#[derive(Clone, Debug, Default)]
pub struct AgentBook {
    cards: FixedMap<AgentId, AgentCard>,
    by_partner: FixedMap<PartnerId, Vec<AgentId>>,
}

impl AgentBook {
    /// The book of these partners. An agent that several partners bring is named by the first.
    pub fn new<'a>(partners: impl Iterator<Item = (PartnerId, &'a [AgentSettings])>) -> Self {
        let mut book = Self::default();
        for (partner, agents) in partners {
            for agent in agents {
                book.cards.entry(agent.id).or_insert_with(|| {
                    AgentCard::new(agent.id, &agent.name, agent.kind == AgentKind::Airline)
                });
            }
            book.by_partner.insert(partner, agents.iter().map(|agent| agent.id).collect());
        }
        book
    }

    /// An agent's name and kind, if some partner declares it.
    #[must_use]
    pub fn card(&self, agent: AgentId) -> Option<&AgentCard> {
        self.cards.get(&agent)
    }

    /// The agents a partner brings.
    #[must_use]
    pub fn of_partner(&self, partner: PartnerId) -> &[AgentId] {
        self.by_partner.get(&partner).map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_two_partners_bring_has_one_name_and_is_found_under_both() {
        let agent = |id: &str, name: &str, kind| AgentSettings {
            id: id.parse().unwrap(),
            name: name.to_owned(),
            kind,
            carriers: Vec::new(),
        };
        let first = [agent("ba__", "British Airways", AgentKind::Airline)];
        let second = [
            agent("ba__", "BA", AgentKind::TravelAgent),
            agent("ctuk", "Other", AgentKind::TravelAgent),
        ];
        let (one, two) = ("one".parse().unwrap(), "two".parse().unwrap());
        let book = AgentBook::new([(one, &first[..]), (two, &second[..])].into_iter());
        let card = book.card("ba__".parse().unwrap()).unwrap();
        assert_eq!((card.name.as_str(), card.airline), ("British Airways", true));
        assert_eq!((book.of_partner(one).len(), book.of_partner(two).len()), (1, 2));
        assert!(book.card("none".parse().unwrap()).is_none());
    }
}
