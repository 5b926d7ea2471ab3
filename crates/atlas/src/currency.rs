//! Currencies and how amounts in them are written.

use domain::CurrencyCode;

/// A currency, with the way its home country writes it.
#[derive(Clone, Debug)]
pub struct Currency {
    /// ISO 4217 code.
    pub code: CurrencyCode,
    /// English name.
    pub name: &'static str,
    /// Symbol that no other currency here shares a country prefix with, e.g. `€`, `CA$`, `kr`.
    pub symbol: &'static str,
    /// Minor digits of ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD.
    pub decimals: u8,
    /// Between groups of three digits.
    pub thousands: &'static str,
    /// Before the minor digits.
    pub decimal: &'static str,
    /// Whether the symbol stands before the amount.
    pub symbol_on_left: bool,
    /// Whether a space stands between symbol and amount.
    pub space: bool,
}
