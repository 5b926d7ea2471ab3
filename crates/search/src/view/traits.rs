//! What filters look at, gathered once per merged answer: carriers, alliances, ends of legs.

use atlas::AllianceId;
use domain::{AirportCode, CarrierCode};

use crate::merged::Merged;

/// Numbers a two-character code can pack into.
const CARRIERS_MAX: usize = 36 * 36;
/// Not yet numbered.
const NONE: u16 = u16::MAX;

/// Traits of all itineraries of a merged answer, by itinerary index.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traits {
    /// Marketing carriers, each once.
    pub(crate) carriers: Vec<CarrierCode>,
    /// Alliances, each once.
    pub(crate) alliances: Vec<AllianceId>,
    /// By carrier, the alliance's index.
    pub(crate) alliance_of: Vec<Option<u16>>,
    carrier_items: Vec<u16>,
    carrier_ends: Vec<u32>,
    ends: Vec<(AirportCode, AirportCode)>,
    ends_ends: Vec<u32>,
}

impl Traits {
    pub(crate) fn of(merged: &Merged) -> Self {
        let count = merged.itineraries().len();
        let mut traits = Self {
            carrier_items: Vec::with_capacity(count * 3),
            carrier_ends: Vec::with_capacity(count),
            ends: Vec::with_capacity(count * 2),
            ends_ends: Vec::with_capacity(count),
            ..Self::default()
        };
        let mut numbers = vec![NONE; CARRIERS_MAX];
        for itinerary in merged.itineraries() {
            let first = traits.carrier_items.len();
            for leg in merged.legs(itinerary) {
                traits.ends.push((leg.origin(), leg.destination()));
                for segment in leg.segments() {
                    let number = traits.number(segment.carrier, &mut numbers);
                    if !traits.carrier_items[first..].contains(&number) {
                        traits.carrier_items.push(number);
                    }
                }
            }
            traits.carrier_ends.push(traits.carrier_items.len() as u32);
            traits.ends_ends.push(traits.ends.len() as u32);
        }
        traits.find_alliances(merged);
        traits
    }

    fn number(&mut self, carrier: CarrierCode, numbers: &mut [u16]) -> u16 {
        let slot = &mut numbers[carrier.packed() as usize];
        if *slot == NONE {
            *slot = self.carriers.len() as u16;
            self.carriers.push(carrier);
        }
        *slot
    }

    fn find_alliances(&mut self, merged: &Merged) {
        for &carrier in &self.carriers {
            let alliance = merged.atlas.carrier(carrier).and_then(|carrier| carrier.alliance);
            let number = alliance.map(|alliance| {
                let known = self.alliances.iter().position(|&other| other == alliance);
                known.unwrap_or_else(|| {
                    self.alliances.push(alliance);
                    self.alliances.len() - 1
                }) as u16
            });
            self.alliance_of.push(number);
        }
    }

    /// Carriers of an itinerary, as indexes into `carriers`.
    pub(crate) fn carriers_of(&self, index: usize) -> &[u16] {
        row(&self.carrier_items, &self.carrier_ends, index)
    }

    /// Ends of the legs of an itinerary.
    pub(crate) fn ends_of(&self, index: usize) -> &[(AirportCode, AirportCode)] {
        row(&self.ends, &self.ends_ends, index)
    }
}

fn row<'a, T>(items: &'a [T], ends: &[u32], index: usize) -> &'a [T] {
    let start = if index == 0 { 0 } else { ends.get(index - 1).copied().unwrap_or(0) as usize };
    let end = ends.get(index).copied().unwrap_or(0) as usize;
    items.get(start..end).unwrap_or_default()
}
