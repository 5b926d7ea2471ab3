//! Which filters an itinerary fails, and what counts for the facets.

use domain::{AirportCode, Question};

use crate::display::Display;
use crate::facets::{FacetValue, Facets, Tally, widen};
use crate::filter::Filters;
use crate::merged::{Merged, MergedItinerary};
use crate::view::{Traits, option_allowed};

/// The kinds of filters, one bit each.
mod kind {
    pub(super) const STOPS: u16 = 1;
    pub(super) const CARRIERS: u16 = 1 << 1;
    pub(super) const ALLIANCES: u16 = 1 << 2;
    pub(super) const AGENTS: u16 = 1 << 3;
    pub(super) const AIRPORTS: u16 = 1 << 4;
    pub(super) const TIMES: u16 = 1 << 5;
    pub(super) const MINUTES: u16 = 1 << 6;
    pub(super) const PRICE: u16 = 1 << 7;
    pub(super) const TRANSFER: u16 = 1 << 8;
}

/// What was found out about one itinerary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    /// The kinds of filters it fails.
    fails: u16,
    /// Lowest price among the agents that are shown.
    pub(super) price: Option<i64>,
    /// Lowest and highest price among the agents the display allows.
    pub(super) price_range: Option<(i64, i64)>,
    pub(super) minutes: u32,
}

impl Judged {
    pub(super) fn passes(&self) -> bool {
        self.fails == 0
    }

    /// Whether it passes all filters but those of some kinds.
    fn passes_but(&self, kinds: u16) -> bool {
        self.fails & !kinds == 0
    }
}

/// The filters of a view, prepared for one merged answer.
pub(super) struct Judge<'a> {
    merged: &'a Merged,
    traits: Option<&'a Traits>,
    question: &'a Question,
    display: &'a Display,
    filters: &'a Filters,
    any_filter: bool,
    /// By agent index, whether the display allows it; `None`: all.
    displayed: Option<Vec<bool>>,
    /// By agent index, whether display and filters allow it; `None`: all.
    shown: Option<Vec<bool>>,
    /// By carrier index, whether it passes the filter on carriers; likewise alliances.
    carrier_chosen: Vec<bool>,
    alliance_chosen: Vec<bool>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        merged: &'a Merged,
        question: &'a Question,
        display: &'a Display,
        filters: &'a Filters,
    ) -> Self {
        let agents = merged.agents();
        let displayed = (!display.agents.is_all())
            .then(|| agents.iter().map(|agent| display.agents.allows(agent)).collect::<Vec<_>>());
        let shown = match (&displayed, filters.agents.is_empty()) {
            (displayed, true) => displayed.clone(),
            (displayed, false) => Some(
                agents
                    .iter()
                    .enumerate()
                    .map(|(index, &agent)| {
                        filters.allows_agent(agent)
                            && displayed.as_ref().is_none_or(|displayed| displayed[index])
                    })
                    .collect(),
            ),
        };
        let any_filter = !filters.is_empty();
        let mut judge = Self {
            merged,
            // Not gathered for a view that looks at none of them.
            traits: None,
            question,
            display,
            filters,
            any_filter,
            displayed,
            shown,
            carrier_chosen: Vec::new(),
            alliance_chosen: Vec::new(),
        };
        if any_filter || !display.carriers.is_all() {
            judge.look_at_traits();
        }
        judge
    }

    fn look_at_traits(&mut self) {
        let (traits, filters) = (self.merged.traits(), self.filters);
        self.carrier_chosen =
            traits.carriers.iter().map(|code| filters.carriers.contains(code)).collect();
        let chosen = |alliance: &Option<u16>| {
            alliance.is_some_and(|at| filters.alliances.contains(&traits.alliances[at as usize]))
        };
        self.alliance_chosen = traits.alliance_of.iter().map(chosen).collect();
        self.traits = Some(traits);
    }

    pub(super) fn shown_agents(&self) -> Option<Vec<bool>> {
        self.shown.clone()
    }

    /// Lowest price among the agents that are shown.
    pub(super) fn price(&self, itinerary: &MergedItinerary) -> Option<i64> {
        match &self.shown {
            None => itinerary.price,
            Some(shown) => self.price_among(itinerary, shown)?.0,
        }
    }

    /// The price range among some agents; `None` if none of them sells the itinerary.
    fn price_among(
        &self,
        itinerary: &MergedItinerary,
        allowed: &[bool],
    ) -> Option<(Option<i64>, Option<i64>)> {
        let mut sold = None;
        for option in self.merged.any_order(itinerary) {
            if option_allowed(self.merged, option, allowed) {
                let (mut lowest, mut highest) = sold.unwrap_or((None, None));
                if let Some(amount) = option.amount() {
                    lowest = Some(lowest.map_or(amount, |lowest: i64| lowest.min(amount)));
                    highest = highest.max(Some(amount));
                }
                sold = Some((lowest, highest));
            }
        }
        sold
    }

    /// Judges an itinerary; `None` if the display leaves it out altogether.
    pub(super) fn judge(&self, index: usize, itinerary: &MergedItinerary) -> Option<Judged> {
        if let (false, Some(traits)) = (self.display.carriers.is_all(), self.traits)
            && !self.display_allows(traits, traits.carriers_of(index))
        {
            return None;
        }
        let (lowest, highest) = match &self.displayed {
            None => (itinerary.price, self.merged.dearest(itinerary)),
            Some(displayed) => self.price_among(itinerary, displayed)?,
        };
        let mut judged = Judged {
            fails: 0,
            price: lowest,
            price_range: lowest.zip(highest),
            minutes: itinerary.duration_minutes,
        };
        if let (true, Some(traits)) = (self.any_filter, self.traits) {
            self.apply_filters(traits, index, itinerary, &mut judged);
        }
        Some(judged)
    }

    fn display_allows(&self, traits: &Traits, carriers: &[u16]) -> bool {
        let selection = &self.display.carriers;
        let code = |&carrier: &u16| &traits.carriers[carrier as usize];
        let included = selection.included.is_empty()
            || carriers.iter().any(|carrier| selection.included.contains(code(carrier)));
        included && !carriers.iter().any(|carrier| selection.excluded.contains(code(carrier)))
    }

    fn apply_filters(
        &self,
        traits: &Traits,
        index: usize,
        itinerary: &MergedItinerary,
        judged: &mut Judged,
    ) {
        let filters = self.filters;
        let mut fail = |kind: u16, failed: bool| judged.fails |= if failed { kind } else { 0 };
        if !filters.agents.is_empty()
            && let Some(shown) = &self.shown
        {
            let among = self.price_among(itinerary, shown);
            judged.price = among.and_then(|(lowest, _)| lowest);
            fail(kind::AGENTS, among.is_none());
        }
        fail(
            kind::STOPS,
            !filters.stops.is_empty() && !filters.stops.contains(&itinerary.stops.min(2)),
        );
        let carriers = traits.carriers_of(index);
        let any = |chosen: &[bool]| carriers.iter().any(|&carrier| chosen[carrier as usize]);
        fail(kind::CARRIERS, !filters.carriers.is_empty() && !any(&self.carrier_chosen));
        fail(kind::ALLIANCES, !filters.alliances.is_empty() && !any(&self.alliance_chosen));
        fail(
            kind::AIRPORTS,
            !filters.airports.is_empty() && !self.airports_pass(traits, index, &filters.airports),
        );
        fail(kind::TIMES, !self.times_pass(itinerary));
        fail(kind::MINUTES, filters.minutes_max.is_some_and(|max| judged.minutes > max));
        fail(
            kind::PRICE,
            filters.price_max.is_some_and(|max| judged.price.is_none_or(|price| price > max)),
        );
        fail(
            kind::TRANSFER,
            filters.no_self_transfer && itinerary.transfer == domain::Transfer::SelfTransfer,
        );
    }

    /// Whether the itinerary uses one of the airports at every end where one of them is possible.
    fn airports_pass(&self, traits: &Traits, index: usize, airports: &[AirportCode]) -> bool {
        let ends = traits.ends_of(index);
        self.question.legs.iter().zip(ends).all(|(leg, &(origin, destination))| {
            [(&leg.origin, origin), (&leg.destination, destination)].iter().all(|(place, used)| {
                airports.contains(used) || !airports.iter().any(|&other| place.contains(other))
            })
        })
    }

    fn times_pass(&self, itinerary: &MergedItinerary) -> bool {
        let Filters { depart, arrive, .. } = self.filters;
        if depart.is_empty() && arrive.is_empty() {
            return true;
        }
        self.merged.legs(itinerary).enumerate().all(|(index, leg)| {
            let window = |windows: &[Option<_>]| windows.get(index).copied().flatten();
            window(depart).is_none_or(|window: crate::Window| window.contains(leg.departs()))
                && window(arrive).is_none_or(|window: crate::Window| window.contains(leg.arrives()))
        })
    }
}

/// How many itineraries an agent sells, and from what price.
#[derive(Clone, Copy)]
struct AgentTally {
    count: u32,
    /// One more than the itinerary it was last counted for.
    seen: u32,
    /// The largest number if nothing has a price.
    price_min: i64,
}

impl AgentTally {
    const NONE: Self = Self { count: 0, seen: 0, price_min: i64::MAX };
}

/// Counts facets while itineraries are judged.
pub(super) struct FacetCount<'a> {
    merged: &'a Merged,
    traits: &'a Traits,
    airports: Vec<AirportCode>,
    /// Whether no end of any leg leaves a choice: then every itinerary uses every airport.
    one_airport_each: bool,
    stops: Tally,
    by_carrier: Tally,
    by_alliance: Tally,
    by_airport: Tally,
    by_agent: Vec<AgentTally>,
    minutes: Option<(u32, u32)>,
    price: Option<(i64, i64)>,
}

impl<'a> FacetCount<'a> {
    pub(super) fn new(merged: &'a Merged, question: &Question) -> Self {
        let traits = merged.traits();
        let places = question.legs.iter().flat_map(|leg| [&leg.origin, &leg.destination]);
        let one_airport_each = places.clone().all(|place| place.airports.len() == 1);
        let mut airports: Vec<_> =
            places.flat_map(|place| place.airports.iter().copied()).collect();
        airports.sort_unstable();
        airports.dedup();
        Self {
            merged,
            traits,
            stops: Tally::new(3),
            by_carrier: Tally::new(traits.carriers.len()),
            by_alliance: Tally::new(traits.alliances.len()),
            by_airport: Tally::new(airports.len()),
            by_agent: vec![AgentTally::NONE; merged.agents().len()],
            airports,
            one_airport_each,
            minutes: None,
            price: None,
        }
    }

    pub(super) fn add(
        &mut self,
        judge: &Judge<'_>,
        index: usize,
        itinerary: &MergedItinerary,
        judged: &Judged,
    ) {
        let price = judged.price;
        if judged.passes_but(kind::STOPS) {
            self.stops.add(usize::from(itinerary.stops.min(2)), price);
        }
        let carriers = self.traits.carriers_of(index);
        if judged.passes_but(kind::CARRIERS) {
            carriers.iter().for_each(|&carrier| self.by_carrier.add(carrier as usize, price));
        }
        if judged.passes_but(kind::ALLIANCES) {
            let alliance = |&carrier: &u16| self.traits.alliance_of[carrier as usize];
            for (at, carrier) in carriers.iter().enumerate() {
                let Some(found) = alliance(carrier) else { continue };
                if !carriers[..at].iter().any(|before| alliance(before) == Some(found)) {
                    self.by_alliance.add(found as usize, price);
                }
            }
        }
        if judged.passes_but(kind::AIRPORTS) {
            self.count_airports(judge, index, price);
        }
        if judged.passes_but(kind::AGENTS | kind::PRICE) {
            self.count_agents(judge, index, itinerary);
        }
        if judged.passes_but(kind::MINUTES) {
            widen(&mut self.minutes, judged.minutes);
        }
        if let (true, Some(price)) = (judged.passes_but(kind::PRICE), price) {
            widen(&mut self.price, price);
        }
    }

    fn count_airports(&mut self, judge: &Judge<'_>, index: usize, price: Option<i64>) {
        if self.one_airport_each {
            (0..self.airports.len()).for_each(|number| self.by_airport.add(number, price));
            return;
        }
        let ends = self.traits.ends_of(index);
        for (at, &(origin, destination)) in ends.iter().enumerate() {
            for (airport, again) in [(origin, false), (destination, origin == destination)] {
                let counted =
                    again || ends[..at].iter().any(|&(from, to)| from == airport || to == airport);
                if let (false, Ok(number)) = (counted, self.airports.binary_search(&airport))
                    && judge.airports_pass(self.traits, index, &[airport])
                {
                    self.by_airport.add(number, price);
                }
            }
        }
    }

    fn count_agents(&mut self, judge: &Judge<'_>, index: usize, itinerary: &MergedItinerary) {
        let stamp = index as u32 + 1;
        let price_max = judge.filters.price_max.unwrap_or(i64::MAX);
        for option in self.merged.any_order(itinerary) {
            let agent = option.agent_index();
            // A combination of two agents' tickets belongs to none of them: who chooses one agent alone
            // does not see it.
            let Some(tally) = self.by_agent.get_mut(agent) else { continue };
            let displayed = judge.displayed.as_ref().is_none_or(|displayed| displayed[agent]);
            // An option without a price counts as the dearest and passes only if there is no limit.
            if displayed && option.sort_amount() <= price_max {
                tally.count += u32::from(tally.seen != stamp);
                tally.seen = stamp;
                tally.price_min = tally.price_min.min(option.sort_amount());
            }
        }
    }

    pub(super) fn finish(self) -> Facets {
        let mut carriers = self.by_carrier.values(self.traits.carriers.iter().copied());
        let mut alliances = self.by_alliance.values(self.traits.alliances.iter().copied());
        let by_agent = self.by_agent.iter().zip(self.merged.agents());
        let mut agents: Vec<_> = by_agent
            .filter(|(tally, _)| tally.count > 0)
            .map(|(tally, &value)| FacetValue {
                value,
                count: tally.count,
                price_min: (tally.price_min != i64::MAX).then_some(tally.price_min),
            })
            .collect();
        most_first(&mut carriers);
        most_first(&mut alliances);
        most_first(&mut agents);
        Facets {
            stops: self.stops.values(0_u8..3),
            carriers,
            alliances,
            airports: self.by_airport.values(self.airports.iter().copied()),
            agents,
            minutes: self.minutes,
            price: self.price,
        }
    }
}

fn most_first<T: Copy + Ord>(values: &mut [FacetValue<T>]) {
    values.sort_unstable_by(|a, b| b.count.cmp(&a.count).then(a.value.cmp(&b.value)));
}
