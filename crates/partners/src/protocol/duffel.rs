//! Duffel v2: one offer request, answered with all offers in one document.
//!
//! `POST {endpoint}/air/offer_requests?return_offers=true&supplier_timeout=…`, header
//! `duffel-version: v2`, bearer token. Read per offer: `id`, `owner.iata_code`, `total_amount`,
//! `total_currency`, `total_emissions_kg`, and per slice `fare_brand_name` (the first one counts)
//! and `segments`: airports, local times, marketing carrier and number, operating carrier, and of
//! the first passenger (always an adult) `cabin_class`, `fare_basis_code` and `baggages` (a type
//! that is not listed is unknown). Everything else is skipped.
//!
//! Amounts are for all passengers. The seller is the agent of the settings that lists the owner in
//! its `carriers`, else the default one. Links come from the settings' template. Connections are
//! always managed: split tickets are not asked for.
//!
//! Source: the public client duffelhq/duffel-api-javascript (MIT).

mod decode;
mod request;
#[cfg(test)]
mod tests;

pub use decode::decode;
pub use request::request;
