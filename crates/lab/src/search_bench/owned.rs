//! The documents as owned structs of what is needed: what a straightforward program would read, and
//! the wall the decoders are measured against.
#![expect(dead_code, reason = "the fields are read to be timed, not to be used")]

use partners::ProtocolKind;
use serde::Deserialize;

/// Reads a document by sonic-rs; the number of offers in it.
pub(crate) fn read_sonic(protocol: ProtocolKind, bytes: &[u8]) -> Option<usize> {
    match protocol {
        ProtocolKind::Duffel => Some(sonic_rs::from_slice::<Duffel>(bytes).ok()?.data.offers.len()),
        ProtocolKind::Amadeus => Some(sonic_rs::from_slice::<Amadeus>(bytes).ok()?.data.len()),
        ProtocolKind::Fareway => None,
    }
}

/// Reads a document by `serde_json`; the number of offers in it.
pub(crate) fn read_serde(protocol: ProtocolKind, bytes: &[u8]) -> Option<usize> {
    match protocol {
        ProtocolKind::Duffel => {
            Some(serde_json::from_slice::<Duffel>(bytes).ok()?.data.offers.len())
        }
        ProtocolKind::Amadeus => Some(serde_json::from_slice::<Amadeus>(bytes).ok()?.data.len()),
        ProtocolKind::Fareway => None,
    }
}

#[derive(Deserialize)]
struct Duffel {
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
struct Amadeus {
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
