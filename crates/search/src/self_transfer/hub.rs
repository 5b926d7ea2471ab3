//! Where tickets are changed, and the two questions whose answers meet there.
//!
//! ```text
//! one leg    A ─▶ B            near: A ─▶ H            far: H ─▶ B
//! two legs   A ─▶ B, C ─▶ D    near: A ─▶ H, H ─▶ D    far: H ─▶ B, C ─▶ H
//! ```
//!
//! So a return is two return tickets that meet at the hub on both ways, and an open jaw is a return and
//! an open jaw. Trips of more legs have none: the legs between the first and the last would need a
//! ticket of their own, a third question, where a search may ask two; and a ticket of disjoint pieces
//! of several legs is sold by nobody at a fare worth adding up.
//!
//! The hub is a city with all its airports, so that a traveller may land at one and leave from another.

use std::sync::OnceLock;

use atlas::{Airport, Atlas};
use domain::{AirportCode, Date, Place, PlaceSet, Question, QuestionLeg};

/// Airports that can be hubs: the most popular of the world.
pub const HUBS_MAX: usize = 150;
/// Legs of a trip whose every leg can be changed to two tickets by two questions.
pub const LEGS_MAX: usize = 2;
/// Ends nearer than this are not worth a change of tickets.
const DISTANCE_KM_MIN: f64 = 700.0;
/// A hub this close to an end is no hub.
const HUB_KM_MIN: f64 = 250.0;
/// How much longer than the straight line the way over a hub may be.
const DETOUR_MAX: f64 = 1.35;
/// Kilometres flown in a minute, and minutes on the ground at both ends.
const SPEED: (f64, f64) = (13.8, 30.0);

/// A hub and the two questions whose answers meet there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub {
    /// Where tickets are changed: the airports of one city.
    pub airports: Vec<AirportCode>,
    /// The ticket at the near side, where the trip begins: to the hub, and back from it.
    pub first: Question,
    /// The ticket at the far side: on from the hub, and back to it.
    pub second: Question,
}

/// The hub worth trying for a question; `None` if it has more than [`LEGS_MAX`] legs, or there is no
/// airport well on every way.
///
/// Of the world's most popular airports on the way, the one with the most popularity for its
/// detour; the same for the same question everywhere.
#[must_use]
pub fn choose_hub(question: &Question, atlas: &'static Atlas) -> Option<Hub> {
    if !(1..=LEGS_MAX).contains(&question.legs.len()) {
        return None;
    }
    let ways: Option<Vec<Way>> = question.legs.iter().map(|leg| Way::of(leg, atlas)).collect();
    let ways = ways?;
    let mut best: Option<(f64, &Airport)> = None;
    for &hub in hubs(atlas) {
        let airports = airports_of(hub, atlas);
        let at_an_end = |leg: &QuestionLeg| {
            airports.iter().any(|&code| leg.origin.contains(code) || leg.destination.contains(code))
        };
        if question.legs.iter().any(at_an_end) {
            continue;
        }
        let detours: Option<Vec<f64>> =
            ways.iter().map(|way| way.detour(hub.code, atlas)).collect();
        let Some(detours) = detours else { continue };
        let detour = detours.iter().sum::<f64>() / detours.len() as f64;
        let worth = f64::from(hub.popularity) / (detour * detour);
        // Strictly better, and hubs come in a fixed order: ties go to the first of them.
        if best.is_none_or(|(known, _)| worth > known) {
            best = Some((worth, hub));
        }
    }
    let (_, hub) = best?;
    let hub = split(question, hub, &ways, atlas);
    // A day lost on the way may leave none at the other end.
    let in_order = |question: &Question| question.legs.is_sorted_by_key(|leg| leg.date);
    (in_order(&hub.first) && in_order(&hub.second)).then_some(hub)
}

/// Whether a flight that departs at noon lands on the next day: most of its kind do then.
fn lands_next_day(way: &Way, hub: AirportCode, date: Date, atlas: &Atlas) -> bool {
    let noon = date.at_minute(12 * 60);
    let minutes = || {
        let (km_a_minute, ground) = SPEED;
        let flown = atlas.distance_km(way.from, hub)? / km_a_minute + ground;
        // How far the hub's clock is ahead of the origin's.
        let ahead = atlas.utc_minutes(way.from, noon)? - atlas.utc_minutes(hub, noon)?;
        Some(flown as i32 + ahead)
    };
    minutes().is_some_and(|minutes| minutes >= 12 * 60)
}

/// The two questions that meet at a hub.
fn split(question: &Question, hub: &Airport, ways: &[Way], atlas: &'static Atlas) -> Hub {
    let mut airports = airports_of(hub, atlas).to_vec();
    airports.sort_unstable();
    let asked = match airports.len() {
        1 => Place::Airport(hub.code),
        _ => Place::City(hub.city),
    };
    let place = PlaceSet { asked, airports };
    let (mut near, mut far) = (Vec::new(), Vec::new());
    for (index, (leg, way)) in question.legs.iter().zip(ways).enumerate() {
        let overnight = lands_next_day(way, hub.code, leg.date, atlas);
        let to = QuestionLeg { destination: place.clone(), ..leg.clone() };
        let date = leg.date.plus_days(i32::from(overnight));
        let on = QuestionLeg { origin: place.clone(), date, ..leg.clone() };
        // On the way back the far side comes first.
        let (this, other) = if index == 0 { (to, on) } else { (on, to) };
        near.push(this);
        far.push(other);
    }
    let part = |legs| Question { legs, ..question.clone() };
    Hub { airports: place.airports, first: part(near), second: part(far) }
}

/// A leg by its main airports.
struct Way {
    from: AirportCode,
    to: AirportCode,
    km: f64,
}

impl Way {
    /// `None` if its ends are too near each other.
    fn of(leg: &QuestionLeg, atlas: &Atlas) -> Option<Self> {
        let (from, to) =
            (main_airport(&leg.origin, atlas)?, main_airport(&leg.destination, atlas)?);
        let km = atlas.distance_km(from, to)?;
        (km >= DISTANCE_KM_MIN).then_some(Self { from, to, km })
    }

    /// The way over a hub as a multiple of the straight one; `None` if the hub is too near an end or
    /// too far off.
    fn detour(&self, hub: AirportCode, atlas: &Atlas) -> Option<f64> {
        let (before, after) =
            (atlas.distance_km(self.from, hub)?, atlas.distance_km(hub, self.to)?);
        let detour = (before + after) / self.km;
        (before >= HUB_KM_MIN && after >= HUB_KM_MIN && detour <= DETOUR_MAX).then_some(detour)
    }
}

/// The airports of a hub's city.
fn airports_of<'a>(hub: &'a Airport, atlas: &'a Atlas) -> &'a [AirportCode] {
    match atlas.airports_of(Place::City(hub.city)) {
        [] => std::slice::from_ref(&hub.code),
        airports => airports,
    }
}

/// The most popular airport of a place.
fn main_airport(place: &PlaceSet, atlas: &Atlas) -> Option<AirportCode> {
    let popularity = |code: &AirportCode| atlas.airport(*code).map_or(0.0, |a| a.popularity);
    // The first of equals, because `max_by` takes the last.
    place.airports.iter().rev().copied().max_by(|a, b| popularity(a).total_cmp(&popularity(b)))
}

/// The most popular airports, most popular first.
fn hubs(atlas: &'static Atlas) -> &'static [&'static Airport] {
    static HUBS: OnceLock<Vec<&'static Airport>> = OnceLock::new();
    HUBS.get_or_init(|| {
        let mut airports: Vec<&Airport> = atlas.airports().iter().collect();
        airports.sort_by(|a, b| {
            b.popularity.total_cmp(&a.popularity).then_with(|| a.code.cmp(&b.code))
        });
        airports.truncate(HUBS_MAX);
        airports
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::question_between;

    fn km(from: &str, to: AirportCode) -> f64 {
        atlas::atlas().distance_km(AirportCode::literal(from), to).unwrap()
    }

    #[test]
    fn a_hub_lies_well_on_the_way_and_its_questions_meet_there() {
        let atlas = atlas::atlas();
        let question = question_between(&[(&["EDI"], &["SIN"])]);
        let hub = choose_hub(&question, atlas).unwrap();
        let straight = km("EDI", AirportCode::literal("SIN"));
        let way = |&airport: &AirportCode| km("EDI", airport) + km("SIN", airport);
        assert!(hub.airports.iter().any(|airport| way(airport) <= 1.35 * straight));
        assert_eq!(hub.first.legs[0].origin, question.legs[0].origin);
        assert_eq!(hub.first.legs[0].destination.airports, hub.airports);
        assert_eq!(hub.second.legs[0].origin.airports, hub.airports);
        assert_eq!(hub.second.legs[0].destination, question.legs[0].destination);
        assert_eq!(Some(hub), choose_hub(&question, atlas));
    }

    #[test]
    fn a_return_is_a_return_to_the_hub_and_one_from_it() {
        let question = question_between(&[(&["EDI"], &["SIN"]), (&["SIN"], &["EDI"])]);
        let Hub { airports, first, second } = choose_hub(&question, atlas::atlas()).unwrap();
        let ends = |question: &Question| -> Vec<_> {
            let ends =
                |leg: &QuestionLeg| (leg.origin.airports.clone(), leg.destination.airports.clone());
            question.legs.iter().map(ends).collect()
        };
        let (edi, sin) = (vec![AirportCode::literal("EDI")], vec![AirportCode::literal("SIN")]);
        assert_eq!(ends(&first), [(edi.clone(), airports.clone()), (airports.clone(), edi)]);
        assert_eq!(ends(&second), [(airports.clone(), sin.clone()), (sin, airports)]);
        assert_eq!(first.legs[0].date, question.legs[0].date);
        assert_eq!(second.legs[1].date, question.legs[1].date);
    }

    #[test]
    fn the_second_ticket_is_for_the_day_on_which_the_first_lands() {
        let atlas = atlas::atlas();
        let day = crate::fixture::day();
        let next_day = |from: &str, hub: &str| {
            let from = AirportCode::literal(from);
            let way = Way { from, to: from, km: 0.0 };
            lands_next_day(&way, AirportCode::literal(hub), day, atlas)
        };
        // East over an ocean is a night; west over it, or a short way, is none.
        assert!(next_day("JFK", "LHR") && next_day("LHR", "SIN"));
        assert!(!next_day("LHR", "JFK") && !next_day("EDI", "LHR") && !next_day("SIN", "DXB"));
    }

    #[test]
    fn a_trip_too_short_for_a_night_on_the_way_is_not_combined() {
        let mut question = question_between(&[(&["JFK"], &["FCO"]), (&["FCO"], &["JFK"])]);
        question.legs[1].date = question.legs[0].date;
        let first_day = choose_hub(&question, atlas::atlas());
        question.legs[1].date = question.legs[0].date.plus_days(3);
        let later = choose_hub(&question, atlas::atlas());
        let night = |hub: &Hub| hub.second.legs[0].date > question.legs[0].date;
        assert!(later.as_ref().is_some_and(night), "{later:?}");
        assert_eq!(first_day, None);
    }

    #[test]
    fn the_hub_is_a_city_with_all_its_airports() {
        // Nothing popular lies between but London.
        let question = question_between(&[(&["EDI"], &["MAD"])]);
        let hub = choose_hub(&question, atlas::atlas()).unwrap();
        let several = hub.airports.len() > 1;
        let asked = hub.second.legs[0].origin.asked;
        assert_eq!(several, matches!(asked, Place::City(_)), "{hub:?}");
        assert!(hub.airports.is_sorted());
        let city = atlas::atlas().airport(hub.airports[0]).unwrap().city;
        for &airport in &hub.airports {
            assert_eq!(atlas::atlas().airport(airport).unwrap().city, city);
        }
    }

    #[test]
    fn short_ways_and_trips_of_many_legs_have_no_hub() {
        let ways: [&[(&[&str], &[&str])]; 3] = [
            &[(&["EDI"], &["LHR"])],
            &[(&["EDI"], &["SIN"]), (&["LHR"], &["EDI"])],
            &[(&["EDI"], &["SIN"]), (&["SIN"], &["SYD"]), (&["SYD"], &["EDI"])],
        ];
        for legs in ways {
            assert_eq!(choose_hub(&question_between(legs), atlas::atlas()), None);
        }
    }
}
