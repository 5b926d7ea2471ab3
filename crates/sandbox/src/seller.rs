//! Partners of the simulated market: airlines and agencies, what they sell and how they behave.
//!
//! A world and a seed flow in ([`airlines`], [`agencies`]); [`Seller`]s flow out. What a seller
//! makes of a question is [`offer`](crate::offer)'s; how it answers on the wire is `server`'s.

pub mod agencies;
pub mod airlines;
pub mod file;
pub mod manners;

use domain::{AgentId, AirportCode, CountryCode, CurrencyCode, PartnerId};
use partners::ProtocolKind;

pub use manners::Manners;

/// What kind of seller it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trade {
    /// A carrier that sells its own flights, and journeys with carriers it agrees with.
    Airline {
        /// Index of the carrier.
        line: u16,
    },
    /// An agency that sells what carriers fly.
    Agency {
        /// Whether it joins two tickets into one journey.
        joins_tickets: bool,
    },
}

/// A partner.
#[derive(Clone, Debug)]
pub struct Seller {
    /// Its id.
    pub id: PartnerId,
    /// The seller a traveller sees.
    pub agent: AgentId,
    /// Its name.
    pub name: String,
    /// What it is.
    pub trade: Trade,
    /// What it speaks.
    pub protocol: ProtocolKind,
    /// What it quotes in.
    pub currency: CurrencyCode,
    /// Minor digits of that currency.
    pub decimals: u8,
    /// Minor units of its currency for one US dollar.
    pub minor_per_dollar: f64,
    /// Amounts are multiples of this many minor units.
    pub round_to: i64,
    /// Its home, whose prices it quotes if the protocol names no market.
    pub market: CountryCode,
    /// Markets it sells in; all if absent.
    pub markets: Option<Vec<CountryCode>>,
    /// Airports it sells; all if absent.
    pub airports: Option<Vec<AirportCode>>,
    /// Factor on the carriers' fares.
    pub mark_up: f64,
    /// Fee for each seat, US dollars.
    pub fee: f64,
    /// Fare brands it shows of each carrier.
    pub brands: usize,
    /// Offers of one answer at most.
    pub offers_max: usize,
    /// Of a hundred journeys it does not sell so many.
    pub gaps_percent: u64,
    /// What makes its draws its own.
    pub draw: u64,
    /// How it behaves on the wire.
    pub manners: Manners,
}

impl Seller {
    /// The token it wants to see, or the secret of its client.
    #[must_use]
    pub fn secret(&self) -> String {
        format!("sandbox-{}", self.id)
    }

    /// The same seller quoting in another currency; nothing if there is no rate for it.
    #[must_use]
    pub fn quoting_in(&self, currency: CurrencyCode) -> Option<Self> {
        if currency == self.currency {
            return None;
        }
        let atlas = atlas::atlas();
        let factor = atlas.rates().factor(self.currency, currency)?;
        let decimals = atlas.currency(currency)?.decimals;
        let minor_per_dollar = self.minor_per_dollar * factor;
        Some(Self { currency, decimals, minor_per_dollar, round_to: 1, ..self.clone() })
    }

    /// Whether it is a carrier.
    #[must_use]
    pub const fn is_airline(&self) -> bool {
        matches!(self.trade, Trade::Airline { .. })
    }
}
