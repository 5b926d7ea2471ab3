//! Amadeus Flight Offers Search v2: a token, then one search, answered in one document.
//!
//! `POST {endpoint}/v1/security/oauth2/token` gives a token for some minutes
//! ([`token_request`], [`read_token`]); `POST {endpoint}/v2/shopping/flight-offers` with
//! `x-http-method-override: GET` asks. Read per offer: `id`, `validatingAirlineCodes[0]`,
//! `price.grandTotal` (else `price.total`), `price.currency`, `itineraries[].segments[]` (airports,
//! local times, `carrierCode`, `number`, `operating.carrierCode`) and of the first traveller (always
//! an adult) `fareDetailsBySegment` (`cabin`, `class`, `fareBasis`, `brandedFare`,
//! `includedCheckedBags`, `includedCabinBags`; an allowance by weight counts as one piece).
//! `dictionaries` and everything else is skipped.
//!
//! Travellers are asked for by kind only: from twelve years on as adults. Amounts are for all of
//! them. The seller is the agent of the settings that lists the validating
//! carrier in its `carriers`, else the default one. Links come from the settings' template.
//! Connections are always managed.
//!
//! Source: amadeus4dev/amadeus-open-api-specification (MIT), Flight Offers Search v2.9.1.

mod decode;
mod request;
#[cfg(test)]
mod tests;

pub use decode::decode;
pub use request::{AccessToken, read_token, request, token_request};
