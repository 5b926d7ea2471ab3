//! Reference data: places, carriers, currencies, time zones, autosuggest.
//!
//! ```text
//! data/*.csv ──include──▶ atlas() ──▶ airports, cities, countries, carriers, currencies, rates
//!                            │   └──▶ zone tables (local time ⇄ UTC), made when first used
//!                            └──────▶ suggest index, made when first used or by Atlas::warm
//! ```
//!
//! Everything is embedded and decoded once; looking up a code is one table access. The crate does
//! no input or output, knows no clock and asks nobody. Texts are slices of the embedded files. A
//! row that cannot be read is left out, and a test says that none is. Start reading at [`Atlas`].
//!
//! Sources and licences: `data/SOURCES.md`. Refreshing: `cargo xtask atlas`.

mod book;
mod carrier;
mod codes;
mod culture;
mod currency;
mod fares;
mod geo;
mod ids;
mod load;
mod names;
mod place;
mod rates;
mod rows;
mod suggest;
mod zones;

pub use book::{Atlas, atlas};
pub use carrier::{Alliance, AllianceId, Carrier};
pub use culture::{Culture, Locale, country_of_market, market_code};
pub use currency::Currency;
pub use fares::{UsFare, UsFares, us_fares};
pub use place::{Airport, City, Continent, ContinentCode, Country, PlaceRef};
pub use rates::Rates;
pub use suggest::{Kinds, SUGGESTIONS_MAX, SuggestOptions, Suggestion};
pub use zones::ZoneId;
