//! A reader that refuses every key it does not know must be able to read every v3 answer.
//!
//! The structs mirror the field set of 2023-2025 in the API description.

use std::collections::BTreeMap;

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::site::{Answer, Site, v3_trip};
use crate::v3::V3;

macro_rules! strict {
    ($($name:ident { $($field:ident: $kind:ty),* $(,)? })*) => {$(
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        #[expect(dead_code, reason = "reading is the test")]
        struct $name { $($field: $kind),* }
    )*};
}

type Map<T> = BTreeMap<String, T>;

/// An object or item that is never there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

strict! {
    Search { session_token: String, status: String, action: String, content: Content }
    Content { results: Results, stats: Stats, sorting_options: Sorting }
    Results {
        itineraries: Map<Itinerary>, legs: Map<Leg>, segments: Map<Segment>, places: Map<Place>,
        carriers: Map<Carrier>, agents: Map<Agent>, alliances: Map<Alliance>,
    }
    Itinerary {
        pricing_options: Vec<PricingOption>, leg_ids: Vec<String>,
        sustainability_data: Option<Sustainability>,
    }
    PricingOption {
        price: Price, agent_ids: Vec<String>, items: Vec<Item>, transfer_type: String, id: String,
        pricing_option_fare: Option<Terms>,
    }
    Terms {
        cabin_baggage: Option<Nothing>, checked_baggage: Option<Nothing>,
        leg_details: Map<LegTerms>, brand_names: Vec<String>,
    }
    LegTerms { brand_names: Vec<String> }
    Item { price: Price, agent_id: String, deep_link: String, fares: Vec<Fare> }
    Fare { segment_id: String, booking_code: String, fare_basis_code: String }
    Price { amount: String, unit: String, update_status: String }
    Sustainability { is_eco_contender: bool, eco_contender_delta: f32 }
    Leg {
        origin_place_id: String, destination_place_id: String, departure_date_time: DateTime,
        arrival_date_time: DateTime, duration_in_minutes: i32, stop_count: i32,
        marketing_carrier_ids: Vec<String>, operating_carrier_ids: Vec<String>,
        segment_ids: Vec<String>,
    }
    Segment {
        origin_place_id: String, destination_place_id: String, departure_date_time: DateTime,
        arrival_date_time: DateTime, duration_in_minutes: i32, marketing_flight_number: String,
        marketing_carrier_id: String, operating_carrier_id: String,
    }
    DateTime { year: i32, month: i32, day: i32, hour: i32, minute: i32, second: i32 }
    Place {
        entity_id: String, parent_id: String, name: String, r#type: String, iata: String,
        coordinates: Option<Coordinates>,
    }
    Coordinates { latitude: f64, longitude: f64 }
    Carrier {
        name: String, alliance_id: String, image_url: String, iata: String, icao: String,
        display_code: String,
    }
    Agent {
        name: String, r#type: String, image_url: String, feedback_count: i32, rating: f32,
        rating_breakdown: Option<Ratings>, is_optimised_for_mobile: bool,
    }
    Ratings {
        customer_service: f32, reliable_prices: f32, clear_extra_fees: f32, ease_of_booking: f32,
        other: f32,
    }
    Alliance { name: String }
    Stats { itineraries: ItineraryStats }
    ItineraryStats {
        min_duration: i32, max_duration: i32, total: Count, stops: Stops,
        has_change_airport_transfer: bool,
    }
    Count { count: i32, min_price: Price }
    Stops { direct: StopStats, one_stop: StopStats, two_plus_stops: StopStats }
    StopStats { total: Count, ticket_types: Tickets }
    Tickets { single_ticket: Count, multi_ticket_non_npt: Count, multi_ticket_npt: Count }
    Sorting { best: Vec<Sorted>, cheapest: Vec<Sorted>, fastest: Vec<Sorted> }
    Sorted { score: f32, itinerary_id: String }
    Suggested { places: Vec<Suggestion> }
    Suggestion {
        entity_id: String, iata_code: String, parent_id: String, name: String, country_id: String,
        country_name: String, city_name: String, location: String, hierarchy: String,
        r#type: String, highlighting: Vec<(u32, u32)>, airport_information: Option<Nothing>,
    }
    Hierarchy { status: String, places: Map<Place> }
    Markets { status: String, markets: Vec<Named> }
    Locales { status: String, locales: Vec<Named> }
    Named { code: String, name: String }
    Currencies { status: String, currencies: Vec<Currency> }
    Currency {
        code: String, symbol: String, thousands_separator: String, decimal_separator: String,
        symbol_on_left: bool, space_between_amount_and_symbol: bool, decimal_digits: i32,
    }
    Nearest { status: String, market: Named, locale: Named, currency: Currency }
    Carriers { status: String, carriers: Map<ListedCarrier> }
    ListedCarrier { name: String, iata: String, icao: String, display_code: String }
    IndicativeAnswer { status: String, content: IndicativeContent }
    IndicativeContent { results: IndicativeResults, grouping_options: Groupings }
    IndicativeResults {
        quotes: Map<IndicativeQuote>, carriers: Map<QuotedCarrier>, places: Map<Place>,
    }
    QuotedCarrier {
        name: String, image_url: String, iata: String, icao: String, display_code: String,
    }
    IndicativeQuote {
        min_price: Price, is_direct: bool, outbound_leg: QuoteLeg, inbound_leg: QuoteLeg,
    }
    QuoteLeg {
        origin_place_id: String, destination_place_id: String, departure_date_time: DateTime,
        quote_creation_timestamp: String, marketing_carrier_id: String,
    }
    Groupings { by_route: ByRoute, by_date: ByDate }
    ByRoute { quotes_groups: Vec<RouteGroup> }
    RouteGroup { origin_place_id: String, destination_place_id: String, quote_ids: Vec<String> }
    ByDate { quotes_inbound_groups: Vec<DateGroup>, quotes_outbound_groups: Vec<DateGroup> }
    DateGroup { month_year_date: MonthYearDate, quote_ids: Vec<String> }
    MonthYearDate { year: i32, month: i32, day: i32 }
    Failure { code: i32, message: String, details: Vec<Nothing> }
}

fn reads<T: DeserializeOwned>(answer: &Answer) -> T {
    serde_json::from_slice(&answer.bytes).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&answer.bytes[..answer.bytes.len().min(400)]))
    })
}

#[tokio::test]
async fn live_answers_have_no_key_a_strict_client_does_not_know() {
    let site = Site::start(50).await;
    for sustainability in [false, true] {
        let mut body = v3_trip();
        body["query"]["includeSustainabilityData"] = json!(sustainability);
        let created = site.post(&format!("{V3}/flights/live/search/create"), &body).await;
        let mut search: Search = reads(&created);
        for _ in 0..3 {
            let path = format!("{V3}/flights/live/search/poll/{}", search.session_token);
            search = reads(&site.call(Method::POST, &path, "").await);
        }
    }
    let refused = site.call(Method::POST, &format!("{V3}/flights/live/search/create"), "{").await;
    let _: Failure = reads(&refused);
}

#[tokio::test]
async fn indicative_answers_have_no_key_a_strict_client_does_not_know() {
    let site = Site::start(0).await;
    crate::prices::see_some(&site).await;
    for query in crate::prices::v3_queries() {
        let answer = site.post(&format!("{V3}/flights/indicative/search"), &query).await;
        let read: IndicativeAnswer = reads(&answer);
        assert!(!read.content.results.quotes.is_empty(), "{query}");
    }
}

#[tokio::test]
async fn reference_answers_have_no_key_a_strict_client_does_not_know() {
    let site = Site::start(0).await;
    let query = json!({"query": {"market": "UK", "locale": "en-GB", "searchTerm": "glas"}});
    let _: Suggested = reads(&site.post(&format!("{V3}/autosuggest/flights"), &query).await);
    let _: Hierarchy = reads(&site.get(&format!("{V3}/geo/hierarchy/flights/en-GB")).await);
    let locator = json!({"locale": "en-GB", "locator": {"ip_address": "203.0.113.7"}});
    let nearest = site.post(&format!("{V3}/geo/hierarchy/flights/nearest"), &locator).await;
    let _: Hierarchy = reads(&nearest);
    let _: Markets = reads(&site.get(&format!("{V3}/culture/markets/de-DE")).await);
    let _: Locales = reads(&site.get(&format!("{V3}/culture/locales")).await);
    let _: Currencies = reads(&site.get(&format!("{V3}/culture/currencies")).await);
    let path = format!("{V3}/culture/nearestculture?ipAddress=203.0.113.7");
    let _: Nearest = reads(&site.get(&path).await);
    let _: Carriers = reads(&site.get(&format!("{V3}/flights/carriers")).await);
}
