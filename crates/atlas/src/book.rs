//! The atlas: all tables, and the look-ups by code.

use std::sync::OnceLock;

use domain::{AirportCode, CarrierCode, CityCode, CountryCode, CurrencyCode, LocalTime, Place};

use crate::carrier::{Alliance, AllianceId, Carrier};
use crate::currency::Currency;
use crate::geo::{self, Vector};
use crate::ids::Ids;
use crate::load;
use crate::place::{Airport, City, Continent, ContinentCode, Country, PlaceRef};
use crate::rates::Rates;
use crate::suggest::Index;
use crate::zones::{Zone, ZoneId};

/// How far "nearby" reaches, kilometres.
const NEARBY_KM: f64 = 120.0;
/// How many airports "nearby" adds at most.
const NEARBY_MAX: usize = 6;
/// Packed codes of three and two characters in base 36.
const CODES_OF_THREE: usize = 36 * 36 * 36;
const CODES_OF_TWO: usize = 36 * 36;

/// All reference data. Get it from [`atlas`].
#[derive(Debug)]
pub struct Atlas {
    airports: Vec<Airport>,
    airport_at: CodeTable,
    vectors: Vec<Vector>,
    zones: Vec<Zone>,
    cities: Vec<City>,
    city_at: CodeTable,
    countries: Vec<Country>,
    country_at: CodeTable,
    continents: Vec<Continent>,
    carriers: Vec<Carrier>,
    carrier_at: CodeTable,
    alliances: Vec<Alliance>,
    currencies: Vec<Currency>,
    currency_at: CodeTable,
    rates: Rates,
    /// Popularity of the busiest city of each country.
    country_popularity: Vec<f32>,
    suggest_index: OnceLock<Index>,
    /// Entity ids, ascending, and where the place is.
    entities: Vec<(u32, Entity)>,
}

#[derive(Clone, Copy, Debug)]
enum Entity {
    Airport(u16),
    City(u16),
    Country(u16),
    Continent(u16),
}

/// Index of a row by its packed code.
#[derive(Debug)]
struct CodeTable(Vec<u16>);

impl CodeTable {
    const NONE: u16 = u16::MAX;

    fn new(codes: usize, packed: impl Iterator<Item = u16>) -> Self {
        let mut rows = vec![Self::NONE; codes];
        for (index, code) in packed.enumerate() {
            if let Some(row) = rows.get_mut(code as usize) {
                *row = index as u16;
            }
        }
        Self(rows)
    }

    fn find(&self, packed: u16) -> Option<usize> {
        match self.0.get(packed as usize) {
            Some(&Self::NONE) | None => None,
            Some(&index) => Some(index as usize),
        }
    }
}

/// The atlas, decoded on first use.
#[must_use]
pub fn atlas() -> &'static Atlas {
    static ATLAS: OnceLock<Atlas> = OnceLock::new();
    ATLAS.get_or_init(Atlas::load)
}

impl Atlas {
    fn load() -> Self {
        let ids = Ids::read();
        let (airports, zones) = load::airports(&ids);
        let (cities, countries) = (load::cities(&ids), load::countries(&ids));
        let (continents, alliances) = (load::continents(&ids), load::alliances(&ids));
        let (carriers, currencies) = (load::carriers(&ids, &alliances), load::currencies());
        let rates = load::rates(&currencies);
        let airport_codes = airports.iter().map(|row| row.code.packed());
        let currency_codes = currencies.iter().map(|row| row.code.packed());
        Self {
            airport_at: CodeTable::new(CODES_OF_THREE, airport_codes),
            vectors: airports.iter().map(|row| geo::vector(row.latitude, row.longitude)).collect(),
            city_at: CodeTable::new(CODES_OF_THREE, cities.iter().map(|row| row.code.packed())),
            country_at: CodeTable::new(CODES_OF_TWO, countries.iter().map(|row| row.code.packed())),
            carrier_at: CodeTable::new(CODES_OF_TWO, carriers.iter().map(|row| row.code.packed())),
            currency_at: CodeTable::new(CODES_OF_THREE, currency_codes),
            country_popularity: country_popularity(&countries, &cities),
            suggest_index: OnceLock::new(),
            entities: entities(&airports, &cities, &countries, &continents),
            airports,
            zones,
            cities,
            countries,
            continents,
            carriers,
            alliances,
            currencies,
            rates,
        }
    }

    /// All airports, most popular first.
    #[must_use]
    pub fn airports(&self) -> &[Airport] {
        &self.airports
    }

    /// All cities, most popular first.
    #[must_use]
    pub fn cities(&self) -> &[City] {
        &self.cities
    }

    /// All countries, by code.
    #[must_use]
    pub fn countries(&self) -> &[Country] {
        &self.countries
    }

    /// All continents, by code.
    #[must_use]
    pub fn continents(&self) -> &[Continent] {
        &self.continents
    }

    /// All carriers, by code.
    #[must_use]
    pub fn carriers(&self) -> &[Carrier] {
        &self.carriers
    }

    /// All alliances.
    #[must_use]
    pub fn alliances(&self) -> &[Alliance] {
        &self.alliances
    }

    /// All currencies, by code.
    #[must_use]
    pub fn currencies(&self) -> &[Currency] {
        &self.currencies
    }

    /// Makes now what is otherwise made when first used: the suggest index (some 100 ms) and the
    /// zone tables. A server calls it before it says that it is ready.
    pub fn warm(&self) {
        let _ = self.suggest_index();
        for zone in &self.zones {
            let _ = zone.utc(i32::MAX);
        }
    }

    pub(crate) fn suggest_index(&self) -> &Index {
        self.suggest_index.get_or_init(|| Index::of(self))
    }

    pub(crate) fn airport_index(&self, code: Option<AirportCode>) -> Option<usize> {
        self.airport_at.find(code?.packed())
    }

    pub(crate) fn city_index(&self, code: Option<CityCode>) -> Option<usize> {
        self.city_at.find(code?.packed())
    }

    pub(crate) fn country_index(&self, code: Option<CountryCode>) -> Option<usize> {
        self.country_at.find(code?.packed())
    }

    /// The place of a number that runs over cities, then airports, then countries.
    pub(crate) fn numbered(&self, place: usize) -> Option<PlaceRef<'_>> {
        let airport = place.wrapping_sub(self.cities.len());
        let country = airport.wrapping_sub(self.airports.len());
        let city = self.cities.get(place).map(PlaceRef::City);
        city.or_else(|| self.airports.get(airport).map(PlaceRef::Airport))
            .or_else(|| self.countries.get(country).map(PlaceRef::Country))
    }

    /// Popularity of the busiest city of a country.
    #[must_use]
    pub fn country_popularity(&self, code: CountryCode) -> f32 {
        self.country_index(Some(code)).map_or(0.0, |index| self.country_popularity[index])
    }

    /// The airport of a code.
    #[must_use]
    pub fn airport(&self, code: AirportCode) -> Option<&Airport> {
        self.airport_at.find(code.packed()).map(|index| &self.airports[index])
    }

    /// The city of a code.
    #[must_use]
    pub fn city(&self, code: CityCode) -> Option<&City> {
        self.city_at.find(code.packed()).map(|index| &self.cities[index])
    }

    /// The country of a code.
    #[must_use]
    pub fn country(&self, code: CountryCode) -> Option<&Country> {
        self.country_at.find(code.packed()).map(|index| &self.countries[index])
    }

    /// The continent of a code.
    #[must_use]
    pub fn continent(&self, code: ContinentCode) -> Option<&Continent> {
        self.continents.iter().find(|row| row.code == code)
    }

    /// The carrier of a code.
    #[must_use]
    pub fn carrier(&self, code: CarrierCode) -> Option<&Carrier> {
        self.carrier_at.find(code.packed()).map(|index| &self.carriers[index])
    }

    /// The alliance of a number.
    #[must_use]
    pub fn alliance(&self, id: AllianceId) -> Option<&Alliance> {
        self.alliances.iter().find(|row| row.id == id)
    }

    /// The currency of a code.
    #[must_use]
    pub fn currency(&self, code: CurrencyCode) -> Option<&Currency> {
        self.currency_at.find(code.packed()).map(|index| &self.currencies[index])
    }

    /// Exchange rates.
    #[must_use]
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    /// The place of a v3 entity id.
    #[must_use]
    pub fn place_by_entity(&self, entity_id: u32) -> Option<PlaceRef<'_>> {
        let index = self.entities.binary_search_by_key(&entity_id, |row| row.0).ok()?;
        Some(match self.entities[index].1 {
            Entity::Airport(row) => PlaceRef::Airport(&self.airports[row as usize]),
            Entity::City(row) => PlaceRef::City(&self.cities[row as usize]),
            Entity::Country(row) => PlaceRef::Country(&self.countries[row as usize]),
            Entity::Continent(row) => PlaceRef::Continent(&self.continents[row as usize]),
        })
    }

    /// The airports a place means: itself, or those of the city, popular first; none if the place
    /// is not known.
    #[must_use]
    pub fn airports_of(&self, place: Place) -> &[AirportCode] {
        match place {
            Place::Airport(code) => {
                self.airport(code).map_or(&[], |airport| std::slice::from_ref(&airport.code))
            }
            Place::City(code) => self.city(code).map_or(&[], |city| city.airports),
        }
    }

    /// The airports that count for an end of a leg: those of the place and, if wanted, at most six
    /// more with scheduled traffic within 120 km, popular first.
    #[must_use]
    pub fn resolve(&self, place: Place, nearby: bool) -> Vec<AirportCode> {
        let own = self.airports_of(place);
        let mut found = own.to_vec();
        if nearby {
            let limit = geo::chord_squared_of_km(NEARBY_KM);
            let from: Vec<Vector> = own
                .iter()
                .filter_map(|code| self.airport_at.find(code.packed()))
                .map(|index| self.vectors[index])
                .collect();
            // Airports stand most popular first; behind the last one with traffic is nothing to add.
            let busy =
                self.airports.iter().zip(&self.vectors).take_while(|row| row.0.popularity > 0.0);
            let near = busy.filter(|(airport, there)| {
                !own.contains(&airport.code)
                    && from.iter().any(|here| geo::chord_squared(*here, **there) <= limit)
            });
            found.extend(near.take(NEARBY_MAX).map(|(airport, _)| airport.code));
        }
        found
    }

    /// Great-circle distance of two airports.
    #[must_use]
    pub fn distance_km(&self, a: AirportCode, b: AirportCode) -> Option<f64> {
        let (a, b) = (self.airport_at.find(a.packed())?, self.airport_at.find(b.packed())?);
        Some(geo::distance_km(self.vectors[a], self.vectors[b]))
    }

    /// The airport with scheduled traffic nearest to a point in degrees.
    #[must_use]
    pub fn nearest_airport(&self, latitude: f64, longitude: f64) -> Option<&Airport> {
        let here = geo::vector(latitude, longitude);
        let busy = self.airports.iter().zip(&self.vectors).take_while(|row| row.0.popularity > 0.0);
        busy.map(|(airport, there)| (geo::chord_squared(here, *there), airport))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, airport)| airport)
    }

    /// IANA name of a zone.
    #[must_use]
    pub fn zone_name(&self, zone: ZoneId) -> &'static str {
        self.zones.get(zone.index()).map_or("UTC", |zone| zone.name)
    }

    /// Number of zones; ids run from 0.
    #[must_use]
    pub fn zone_count(&self) -> usize {
        self.zones.len()
    }

    /// Minutes since 1970 UTC of a local time at an airport. A time the clock skips means the time
    /// after the gap, a time it shows twice means the first.
    #[must_use]
    pub fn utc_minutes(&self, airport: AirportCode, local: LocalTime) -> Option<i32> {
        self.zone_at(airport)?.utc(local.minutes())
    }

    /// Local time at an airport, minutes since 1970 UTC given.
    #[must_use]
    pub fn local_time(&self, airport: AirportCode, utc_minutes: i32) -> Option<LocalTime> {
        self.zone_at(airport)?.local(utc_minutes).map(LocalTime::from_minutes)
    }

    /// Minutes from a local departure to a local arrival; negative if it arrives before it departs.
    #[must_use]
    pub fn duration_minutes(
        &self,
        from: AirportCode,
        departs: LocalTime,
        to: AirportCode,
        arrives: LocalTime,
    ) -> Option<i32> {
        self.utc_minutes(to, arrives)?.checked_sub(self.utc_minutes(from, departs)?)
    }

    fn zone_at(&self, airport: AirportCode) -> Option<&Zone> {
        let index = self.airport_at.find(airport.packed())?;
        self.zones.get(self.airports[index].zone.index())
    }
}

fn country_popularity(countries: &[Country], cities: &[City]) -> Vec<f32> {
    let mut most = vec![0.0_f32; countries.len()];
    for city in cities {
        if let Ok(index) = countries.binary_search_by_key(&city.country, |row| row.code) {
            most[index] = most[index].max(city.popularity);
        }
    }
    most
}

fn entities(
    airports: &[Airport],
    cities: &[City],
    countries: &[Country],
    continents: &[Continent],
) -> Vec<(u32, Entity)> {
    let mut entities = Vec::with_capacity(airports.len() + cities.len() + 256);
    let mut add = |ids: &mut dyn Iterator<Item = u32>, kind: fn(u16) -> Entity| {
        entities.extend(ids.enumerate().map(|(index, id)| (id, kind(index as u16))));
    };
    add(&mut airports.iter().map(|row| row.entity_id), Entity::Airport);
    add(&mut cities.iter().map(|row| row.entity_id), Entity::City);
    add(&mut countries.iter().map(|row| row.entity_id), Entity::Country);
    add(&mut continents.iter().map(|row| row.entity_id), Entity::Continent);
    entities.sort_unstable_by_key(|row| row.0);
    entities
}
