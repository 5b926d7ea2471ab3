//! The atlas: all tables, and the look-ups by code.

use std::sync::OnceLock;

use domain::{AirportCode, CarrierCode, CityCode, CountryCode, CurrencyCode, Place};

use crate::carrier::{Alliance, AllianceId, Carrier};
use crate::codes::{CODES_OF_THREE, CODES_OF_TWO, CodeTable};
use crate::culture::Locale;
use crate::currency::Currency;
use crate::geo::{self, Vector};
use crate::ids::Ids;
use crate::load;
use crate::place::{Airport, City, Continent, ContinentCode, Country, PlaceRef};
use crate::rates::Rates;
use crate::suggest::Index;
use crate::zones::Zone;

/// All reference data. Get it from [`atlas`].
#[derive(Debug)]
pub struct Atlas {
    pub(crate) airports: Vec<Airport>,
    pub(crate) airport_at: CodeTable,
    pub(crate) vectors: Vec<Vector>,
    /// Zone of each airport: hot, so it has a table of its own.
    pub(crate) zone_at: CodeTable,
    pub(crate) zones: Vec<Zone>,
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
    pub(crate) locales: Vec<Locale>,
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
        let zones_of = airports.iter().map(|row| (row.code.packed(), row.zone.0));
        let airport_codes = airports.iter().map(|row| row.code.packed());
        let currency_codes = currencies.iter().map(|row| row.code.packed());
        Self {
            airport_at: CodeTable::new(CODES_OF_THREE, airport_codes),
            zone_at: CodeTable::of(CODES_OF_THREE, zones_of),
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
            locales: load::locales(),
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
