//! The documents as owned structs of what is needed: what a straightforward program would read.
#![expect(dead_code, reason = "the fields are read to be timed, not to be used")]

use std::hint::black_box;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Seconds of one parse by sonic-rs and by serde_json.
pub(crate) fn speeds<T: DeserializeOwned>(document: &[u8]) -> (f64, f64) {
    #[cfg(feature = "fast-json")]
    let sonic = super::seconds_per_run(|| {
        black_box(sonic_rs::from_slice::<T>(document).is_ok());
    });
    #[cfg(not(feature = "fast-json"))]
    let sonic = f64::NAN;
    let serde = super::seconds_per_run(|| {
        black_box(serde_json::from_slice::<T>(document).is_ok());
    });
    (sonic, serde)
}

#[derive(Deserialize)]
pub(crate) struct Duffel {
    data: DuffelData,
}

#[derive(Deserialize)]
struct DuffelData {
    offers: Vec<DuffelOffer>,
}

#[derive(Deserialize)]
struct DuffelOffer {
    id: String,
    owner: Code,
    total_amount: String,
    total_currency: String,
    total_emissions_kg: Option<String>,
    slices: Vec<Slice>,
}

#[derive(Deserialize)]
struct Code {
    iata_code: String,
}

#[derive(Deserialize)]
struct Slice {
    fare_brand_name: Option<String>,
    segments: Vec<DuffelSegment>,
}

#[derive(Deserialize)]
struct DuffelSegment {
    origin: Code,
    destination: Code,
    departing_at: String,
    arriving_at: String,
    marketing_carrier: Code,
    marketing_carrier_flight_number: String,
    operating_carrier: Code,
    passengers: Vec<DuffelPassenger>,
}

#[derive(Deserialize)]
struct DuffelPassenger {
    cabin_class: Option<String>,
    fare_basis_code: Option<String>,
    baggages: Vec<Baggage>,
}

#[derive(Deserialize)]
struct Baggage {
    #[serde(rename = "type")]
    kind: String,
    quantity: u8,
}

#[derive(Deserialize)]
pub(crate) struct Amadeus {
    data: Vec<AmadeusOffer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AmadeusOffer {
    id: String,
    itineraries: Vec<Itinerary>,
    price: Price,
    validating_airline_codes: Vec<String>,
    traveler_pricings: Vec<TravelerPricing>,
}

#[derive(Deserialize)]
struct Itinerary {
    segments: Vec<AmadeusSegment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AmadeusSegment {
    id: String,
    departure: End,
    arrival: End,
    carrier_code: String,
    number: String,
    operating: Option<Operating>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct End {
    iata_code: String,
    at: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operating {
    carrier_code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Price {
    currency: String,
    grand_total: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TravelerPricing {
    fare_details_by_segment: Vec<FareDetails>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FareDetails {
    segment_id: String,
    cabin: String,
    class: String,
    fare_basis: String,
    branded_fare: Option<String>,
    included_checked_bags: Option<Bags>,
}

#[derive(Deserialize)]
struct Bags {
    quantity: Option<u8>,
}
