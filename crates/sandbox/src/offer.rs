//! What one partner offers for a question.
//!
//! Boards of all legs and a [`Seller`] flow in; a [`Shelf`] flows out: combinations of candidates,
//! one a leg, each in one or more fare brands with a price for the whole party in the seller's
//! currency. Both `truth` and `wire` render a shelf and nothing else.
//!
//! Which journeys: an airline sells those with a flight of its own where all carriers agree, an
//! agency all but its gaps; two tickets only if it joins them. The best few of each leg
//! ([`KEPT`]) are combined, nearest to the best first, as far as they follow each other in time.
//!
//! Limits: the seller's `offers_max`. Cost: a pass over each board, some 30 ns an offer.

pub mod link;
pub mod price;

use std::sync::{Arc, OnceLock};

use domain::{CarrierCode, Date, Question, Transfer};

use crate::board::{Board, Candidate};
use crate::fares::brand::{self, Brand};
use crate::faults::Flaw;
use crate::noise;
use crate::seller::{Seller, Trade};
use crate::world::World;
use price::Pricing;

/// Candidates of each leg that are combined, by number of legs.
pub const KEPT: [usize; 7] = [0, 90, 12, 6, 4, 3, 2];
/// Least minutes between the legs of one itinerary.
const BETWEEN_LEGS_MIN: i32 = 60;

/// One offer.
#[derive(Clone, Copy, Debug)]
pub struct OnShelf {
    /// Candidate of each leg; only as many as there are legs count.
    legs: [u16; 6],
    /// What the ticket includes.
    pub brand: &'static Brand,
    /// Which of the carrier's brands that is.
    pub brand_index: u8,
    /// Whether it is one ticket.
    pub transfer: Transfer,
    /// Price for the whole party, minor units of the seller's currency.
    pub minor: i64,
    /// Grams of CO2 for the whole party.
    pub grams: u32,
    /// The carrier whose offer it is.
    pub owner: CarrierCode,
    /// What is wrong with it on the wire.
    pub flaw: Flaw,
}

/// All offers of one partner for one question.
///
/// Shape: offers of the same flights stand together.
#[derive(Clone, Debug)]
pub struct Shelf {
    /// Boards of the legs.
    pub boards: Vec<Arc<Board>>,
    /// The offers.
    pub offers: Vec<OnShelf>,
    /// First day of travel.
    pub first_date: Option<Date>,
}

impl Shelf {
    /// What a seller offers for a question it sees, given the boards of its legs.
    #[must_use]
    pub fn stock(
        world: &World,
        seed: u64,
        seller: &Seller,
        question: &Question,
        boards: Vec<Arc<Board>>,
    ) -> Self {
        let first_date = question.first_date();
        let mut shelf = Self { boards, offers: Vec::new(), first_date };
        let kept = KEPT.get(shelf.boards.len()).copied().unwrap_or(0);
        let picked: Vec<Vec<u16>> =
            shelf.boards.iter().map(|board| pick(world, seller, question, board, kept)).collect();
        if kept == 0 || picked.iter().any(Vec::is_empty) {
            return shelf;
        }
        let pricing = Pricing::new(seed, seller, question);
        shelf.offers.reserve_exact(seller.offers_max);
        for order in orders(shelf.boards.len()) {
            let mut legs = [0; 6];
            let fits = order.iter().zip(&picked).zip(&mut legs).all(|((&rank, picked), leg)| {
                picked.get(usize::from(rank)).is_some_and(|&index| {
                    *leg = index;
                    true
                })
            });
            if fits && !shelf.put(world, seller, question, &pricing, legs) {
                break;
            }
        }
        shelf
    }

    /// Puts a combination on the shelf in all its brands; false once the shelf is full.
    fn put(
        &mut self,
        world: &World,
        seller: &Seller,
        question: &Question,
        pricing: &Pricing,
        legs: [u16; 6],
    ) -> bool {
        let chosen: [Option<&Candidate>; 6] = std::array::from_fn(|leg| {
            self.boards.get(leg).map(|board| &board.candidates[usize::from(legs[leg])])
        });
        let mut chosen = chosen.into_iter().flatten();
        let Some(first) = chosen.next() else { return false };
        let mut sum = price::Sum::default();
        sum.add(first, question.cabin);
        let mut before = first.arrives;
        for candidate in chosen {
            if candidate.departs < before + BETWEEN_LEGS_MIN {
                return true;
            }
            sum.add(candidate, question.cabin);
            before = candidate.arrives;
        }
        let owner = first.lines().first().copied().unwrap_or_default();
        let owner = &world.lines[usize::from(owner)];
        let brands = brand::of(question.cabin, noise::mix(u64::from(owner.code.packed())));
        for (index, brand) in brands.iter().enumerate().take(seller.brands) {
            if self.offers.len() >= seller.offers_max {
                return false;
            }
            self.offers.push(OnShelf {
                legs,
                brand,
                brand_index: index as u8,
                transfer: sum.transfer,
                minor: pricing.minor(&sum, brand),
                grams: pricing.grams(&sum),
                owner: owner.code,
                flaw: Flaw::None,
            });
        }
        true
    }

    /// The candidates of an offer, leg by leg, with their boards.
    pub fn legs_of<'s>(
        &'s self,
        offer: &'s OnShelf,
    ) -> impl Iterator<Item = (&'s Board, &'s Candidate)> {
        self.boards.iter().zip(offer.legs).map(|(board, index)| {
            let board: &Board = board;
            (board, &board.candidates[usize::from(index)])
        })
    }

    /// The candidates' indexes of an offer, leg by leg.
    #[must_use]
    pub fn indexes_of<'s>(&self, offer: &'s OnShelf) -> &'s [u16] {
        &offer.legs[..self.boards.len().min(6)]
    }
}

/// The first `kept` candidates of a leg that the seller sells in the asked cabin.
fn pick(
    world: &World,
    seller: &Seller,
    question: &Question,
    board: &Board,
    kept: usize,
) -> Vec<u16> {
    let sold = board.candidates.iter().enumerate().filter(|(_, candidate)| {
        candidate.cabins().iter().any(|cabins| cabins.has(question.cabin))
            && sells(world, seller, candidate)
    });
    sold.map(|(index, _)| index as u16).take(kept).collect()
}

fn sells(world: &World, seller: &Seller, candidate: &Candidate) -> bool {
    let managed = candidate.transfer == Transfer::Managed;
    match seller.trade {
        Trade::Airline { line } => {
            let lines = candidate.lines();
            managed
                && lines.contains(&line)
                && lines.iter().all(|&other| world.agreements.has(line, other))
        }
        Trade::Agency { joins_tickets } => {
            (managed || joins_tickets)
                && noise::below(noise::join(seller.draw, candidate.name), 100)
                    >= seller.gaps_percent
        }
    }
}

/// Ranks of the legs' candidates in the order in which combinations are offered: nearest to the
/// best of every leg first.
fn orders(legs: usize) -> &'static [Vec<u8>] {
    static ORDERS: OnceLock<Vec<Vec<Vec<u8>>>> = OnceLock::new();
    let all = ORDERS.get_or_init(|| (0..KEPT.len()).map(order_of).collect());
    all.get(legs).map_or(&[], Vec::as_slice)
}

fn order_of(legs: usize) -> Vec<Vec<u8>> {
    let kept = KEPT[legs] as u8;
    let mut order: Vec<Vec<u8>> = vec![Vec::new()];
    for _ in 0..legs {
        let longer = order
            .iter()
            .flat_map(|ranks| (0..kept).map(|rank| [ranks.as_slice(), &[rank]].concat()));
        order = longer.collect();
    }
    order.sort_by_key(|ranks| {
        (ranks.iter().map(|&rank| u32::from(rank)).sum::<u32>(), ranks.clone())
    });
    order.retain(|ranks| !ranks.is_empty());
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_near_the_best_come_first_and_none_twice() {
        let order = orders(2);
        assert_eq!(order.len(), KEPT[2] * KEPT[2]);
        assert_eq!(order[..3], [vec![0, 0], vec![0, 1], vec![1, 0]]);
        let unique: std::collections::BTreeSet<_> = order.iter().collect();
        assert_eq!(unique.len(), order.len());
        assert_eq!(orders(1).len(), KEPT[1]);
        assert!(orders(0).is_empty());
        assert!(orders(6).len() <= 64);
    }
}
