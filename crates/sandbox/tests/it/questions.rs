//! Questions of all shapes, drawn from a seed.

use domain::{
    AirportCode, Cabin, CityCode, CountryCode, LegRequest, Place, Question, SearchRequest,
    Travellers,
};
use runtime::Random;

use crate::world::{market, today};

/// A question between two places as they are written, `city:LON` or `EDI`.
pub(crate) fn question(from: &str, to: &str, days: &[i32]) -> Question {
    let places = [place(from), place(to)];
    let legs = days.iter().enumerate().map(|(index, &ahead)| LegRequest {
        origin: places[index % 2],
        destination: places[(index + 1) % 2],
        date: today().plus_days(ahead),
    });
    normalised(SearchRequest {
        legs: legs.collect(),
        cabin: Cabin::Economy,
        travellers: Travellers::one_adult(),
        market: CountryCode::literal("GB"),
        nearby: false,
    })
}

pub(crate) fn normalised(request: SearchRequest) -> Question {
    Question::normalise(&request, |place, nearby| atlas::atlas().resolve(place, nearby)).unwrap()
}

fn place(text: &str) -> Place {
    match text.strip_prefix("city:") {
        Some(code) => Place::City(code.parse().unwrap()),
        None => Place::Airport(text.parse().unwrap()),
    }
}

/// A random question: one way, return or several cities; cities and airports; any party.
pub(crate) fn random(random: &mut Random) -> Question {
    let count = [1, 1, 2, 2, 2, 3, 4, 6][random.below(8) as usize];
    let mut places = vec![random_place(random)];
    while places.len() <= count {
        let next = random_place(random);
        if !airports(next)
            .iter()
            .any(|airport| airports(places[places.len() - 1]).contains(airport))
        {
            places.push(next);
        }
    }
    if count == 2 && random.below(4) > 0 {
        places[2] = places[0];
    }
    let mut ahead = 1 + random.below(250) as i32;
    let legs = (0..count).map(|leg| {
        let request = LegRequest {
            origin: places[leg],
            destination: places[leg + 1],
            date: today().plus_days(ahead),
        };
        ahead += random.below(15) as i32;
        request
    });
    let legs = legs.collect();
    let adults = 1 + random.below(4) as u32;
    let ages: Vec<u32> = (0..random.below(3)).map(|_| random.below(18) as u32).collect();
    let travellers = Travellers::new(adults, &ages).unwrap_or(Travellers::one_adult());
    let markets = ["GB", "DE", "US", "SG", "BR", "JP", "ZA"];
    normalised(SearchRequest {
        legs,
        cabin: [
            Cabin::Economy,
            Cabin::Economy,
            Cabin::Business,
            Cabin::PremiumEconomy,
            Cabin::First,
        ][random.below(5) as usize],
        travellers,
        market: CountryCode::literal(markets[random.below(7) as usize]),
        nearby: random.below(4) == 0,
    })
}

fn airports(place: Place) -> Vec<AirportCode> {
    atlas::atlas().resolve(place, true)
}

/// One of the larger airports, or its city.
fn random_place(random: &mut Random) -> Place {
    let market = market();
    let sites = market.world().sites.all();
    let site = &sites[random.below(200) as usize];
    let city: CityCode = site.city;
    let of_city = atlas::atlas().airports_of(Place::City(city));
    if random.below(3) == 0 && of_city.contains(&site.code) {
        Place::City(city)
    } else {
        Place::Airport(site.code)
    }
}
