//! Numbers sellers (agent and brand) and agents over all answers.
//!
//! An offer's brand is known by its fingerprint, so that no text is read. Most answers are one
//! agent's with a few brands: a small table of the last ones met answers nearly always.

use domain::AgentId;
use runtime::FixedMap;

/// Number of combinations, which belong to no single seller, and of sellers beyond all numbers.
pub(super) const COMBINED: u16 = u16::MAX;

/// Sellers remembered beside the map; a power of two.
const RECENT: usize = 16;

/// Numbers of one seller: its own and its agent's.
type Numbers = (u16, u16);

/// Sellers met so far.
#[derive(Default)]
pub(super) struct Sellers {
    /// Agents by number.
    pub(super) agents: Vec<AgentId>,
    /// Sellers met.
    pub(super) count: u16,
    by_name: FixedMap<(AgentId, u64), Numbers>,
    agent_numbers: FixedMap<AgentId, u16>,
    recent: [Option<(AgentId, u64, Numbers)>; RECENT],
}

impl Sellers {
    /// The numbers of a seller and its agent.
    #[inline]
    pub(super) fn find(&mut self, agent: AgentId, brand: u64) -> Numbers {
        let slot = (agent.packed() ^ brand) as usize % RECENT;
        match self.recent[slot] {
            Some((known, known_brand, numbers)) if known == agent && known_brand == brand => {
                numbers
            }
            _ => {
                let numbers = self.look_up(agent, brand);
                self.recent[slot] = Some((agent, brand, numbers));
                numbers
            }
        }
    }

    /// The number of an agent.
    pub(super) fn agent(&mut self, agent: AgentId) -> u16 {
        let agents = &mut self.agents;
        *self.agent_numbers.entry(agent).or_insert_with(|| {
            // Not more agents than sellers, and those of a few combinations.
            let number = agents.len().min(usize::from(COMBINED)) as u16;
            agents.push(agent);
            number
        })
    }

    /// The number of the agent that sells both tickets of a combination; nobody's if two do.
    pub(super) fn of_both(&mut self, [first, second]: [AgentId; 2]) -> u16 {
        // Both are numbered, so that both can be chosen.
        let (first, second) = (self.agent(first), self.agent(second));
        if first == second { first } else { COMBINED }
    }

    fn look_up(&mut self, agent: AgentId, brand: u64) -> Numbers {
        if let Some(&numbers) = self.by_name.get(&(agent, brand)) {
            return numbers;
        }
        if self.count == COMBINED {
            return (COMBINED, COMBINED);
        }
        let numbers = (self.count, self.agent(agent));
        self.count += 1;
        self.by_name.insert((agent, brand), numbers);
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seller_is_an_agent_and_a_brand_and_has_one_number() {
        let mut sellers = Sellers::default();
        let (ba, kl) = (AgentId::literal("ba__"), AgentId::literal("klm1"));
        assert_eq!(sellers.find(ba, 1), (0, 0));
        assert_eq!(sellers.find(kl, 1), (1, 1));
        assert_eq!(sellers.find(ba, 2), (2, 0));
        // Others fall into the same slots of the small table.
        for brand in 3..1_000 {
            assert_eq!(sellers.find(kl, brand), (brand as u16, 1));
        }
        assert_eq!(sellers.find(ba, 1), (0, 0));
        assert_eq!(sellers.agents, [ba, kl]);
    }

    #[test]
    fn sellers_beyond_all_numbers_are_nobody_in_particular() {
        let mut sellers = Sellers::default();
        let ba = AgentId::literal("ba__");
        let last = (0..70_000).map(|brand| sellers.find(ba, brand)).last();
        assert_eq!(last, Some((COMBINED, COMBINED)));
        assert_eq!(sellers.find(ba, 7), (7, 0));
    }
}
