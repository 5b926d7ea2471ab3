//! Fareway's own partner protocol: one request, an answer in lines that may come in parts.
//!
//! # The format (version 1; also in `api/partner.openapi.json`)
//!
//! `POST {endpoint}/offers` over HTTP/1.1 or HTTP/2 with `content-type: application/json` and
//! `x-fareway-deadline-ms`, the milliseconds after which nobody waits any more. Body ([`Ask`]):
//!
//! ```json
//! {"version":1,"legs":[{"origins":["EDI","GLA"],"destinations":["SIN"],"date":"2027-03-03"}],
//!  "cabin":"economy","adults":2,"children":[4],"infants":1,"market":"GB","currency":"GBP"}
//! ```
//!
//! `origins` and `destinations` list every airport that counts; `children` are ages 2-17, `infants`
//! sit on laps; `currency` is a wish and may be absent.
//!
//! The answer is status 200, `content-type: application/x-ndjson`: JSON objects, one a line, each
//! ended by `\n`. Send a `part` as soon as it is known, as many as you like (at most 1,000), and
//! close with an `end` that counts them. Each part stands alone: its indexes refer to its own lists.
//!
//! ```json
//! {"type":"part","currency":"EUR",
//!  "segments":[{"carrier":"KL","number":"930","origin":"EDI","destination":"AMS",
//!               "departs":"2027-03-03T06:00","arrives":"2027-03-03T08:35"},
//!              {"carrier":"KL","operating":"SQ","number":"4005","origin":"AMS","destination":"SIN",
//!               "departs":"2027-03-03T10:50","arrives":"2027-03-04T06:15"}],
//!  "itineraries":[[[0,1]]],
//!  "offers":[{"itinerary":0,"price":"1184.30","link":"https://kl.example/book?o=17","agent":"klm1",
//!             "brand":"LIGHT","cabin_bags":1,"checked_bags":0,"transfer":"managed",
//!             "emissions_grams":1710000,"fares":[{"segment":0,"class":"V","basis":"VNL6AAUK"}]}]}
//! {"type":"end","parts":1}
//! ```
//!
//! (Shown on several lines here; a part is one line.)
//!
//! * `segments`: `departs` and `arrives` are local to the airport, `2027-03-03T06:00` or with
//!   seconds, never with an offset; `operating` is the marketing carrier if absent.
//! * `itineraries`: for each itinerary its legs, for each leg the indexes of its segments in flying
//!   order. As many legs as the question has; the first starts on the asked day.
//! * `offers`: `price` is a decimal text for the whole party in the offer's `currency` or, if that is
//!   absent, the part's; it must be positive and within the currency's minor digits. `link` is an
//!   absolute `http` or `https` URL of at most 2,048 bytes. Everything else may be absent: `agent`
//!   (the partner's first if absent), `brand`, `cabin_bags` and `checked_bags` (pieces a traveller;
//!   absent means "not said"), `transfer` (`managed`, `protected` or `self`; absent means `managed`),
//!   `emissions_grams` (whole party), `fares` (`segment` is an index into `segments`; `class` one
//!   letter).
//! * Keys may come in any order (fastest to read in the order above); unknown keys and lines of an
//!   unknown `type` are ignored, so that the format can grow.
//! * An answer without its `end` line is incomplete: what came counts, and the partner is reported
//!   as having failed. No offers is `{"type":"end","parts":0}`.
//! * Errors: any status of 400 or more; `429` or `503` may carry `retry-after`, which is kept.
//!
//! # Here
//!
//! [`request`] writes the request, [`Feed`] reads chunks of an answer, [`write_part`] and
//! [`write_end`] write one (the sandbox and test partners use them), [`Ask`] is the request as
//! servers read it.
//!
//! Limits: [`LINE_BYTES_MAX`] a line, [`crate::contract::PARTS_MAX`] parts, the context's offers.

mod ask;
mod encode;
mod feed;
mod line;
mod offers;
#[cfg(test)]
mod tests;

pub use ask::{Ask, AskError, AskLeg, request};
pub use encode::{write_end, write_part};
pub use feed::{Feed, Lines};
pub use line::{Line, decode_line};

/// Version this code speaks.
pub const VERSION: u32 = 1;

/// Longest line, bytes.
pub const LINE_BYTES_MAX: usize = 16 << 20;

/// Content type of an answer.
pub const CONTENT_TYPE: &str = "application/x-ndjson";
