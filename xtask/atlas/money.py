"""Currencies (CLDR through babel, minor digits of ISO 4217), ECB rates, US fares."""

import json
import unicodedata
import zipfile
from csv import DictReader, reader
from decimal import Decimal

from babel import Locale
from babel.core import UnknownLocaleError, get_global

# ISO 4217 list one: currencies whose minor unit is not a hundredth. Everything else has 2 digits.
MINOR_DIGITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}

# Where a currency of several countries is written as in one of them.
HOMES = {"EUR": "DE", "XOF": "SN", "XAF": "CM", "XPF": "PF", "XCD": "LC", "ANG": "CW", "XCG": "CW"}


def territory_currency(country):
    """The legal tender of a country today."""
    current = [
        entry for entry in get_global("territory_currencies").get(country, [])
        if entry[2] is None and entry[3]
    ]
    return current[-1][0] if current else ""


def home_locale(country):
    try:
        return Locale.parse(f"und_{country}", resolve_likely_subtags=True)
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_US")


def symbols_of(locale):
    """Separators with Latin digits, which every page of ours shows."""
    symbols = locale.number_symbols
    return symbols.get("latn") or next(iter(symbols.values()))


def currency(code):
    english = Locale.parse("en")
    locale = home_locale(HOMES.get(code, code[:2]))
    pattern = locale.currency_formats["standard"].pattern.split(";")[0]
    pattern = "".join(c for c in pattern if c not in "\u200e\u200f\u061c")
    left = pattern.index("\u00a4") < min(
        (pattern.index(c) for c in "#0" if c in pattern), default=len(pattern)
    )
    symbol = english.currency_symbols.get(code, code)
    if symbol == code:
        symbol = locale.currency_symbols.get(code, code)
    symbol = readable(symbol, code)
    symbols = symbols_of(locale)
    space = "\u00a0" in pattern or "\u202f" in pattern or " " in pattern
    # A symbol of letters needs room: `Fr 12`, not `Fr12`.
    space = space or symbol[-1 if left else 0].isalpha()
    plain = lambda text: " " if text in "\u00a0\u202f" else text
    return {
        "code": code, "name": english.currencies.get(code, code),
        "symbol": symbol,
        "decimals": MINOR_DIGITS.get(code, 2), "thousands": plain(symbols["group"]),
        "decimal": symbols["decimal"], "left": int(left), "space": int(space),
    }


def readable(symbol, code):
    """A symbol that stands in a left-to-right line and belongs to one currency only."""
    symbol = "".join(c for c in symbol if unicodedata.category(c) != "Cf")
    symbol = " ".join(symbol.split())
    if not symbol or any(unicodedata.bidirectional(c) in ("R", "AL") for c in symbol):
        return code
    if symbol in "$\u00a3" and code not in ("USD", "GBP"):
        return code[:2] + symbol
    return symbol


def with_pegs(rates, path):
    """Adds currencies whose rate to the euro or dollar is fixed by law."""
    rates = dict(rates)
    with open(path, encoding="utf-8") as file:
        for row in DictReader(file):
            anchor = Decimal(1) if row["anchor"] == "EUR" else Decimal(rates[row["anchor"]])
            value = (Decimal(row["units"]) * anchor).quantize(Decimal("0.000001"))
            rates.setdefault(row["currency"], format(value.normalize(), "f"))
    return rates


def ecb_rates(path):
    """The newest day: (date, {currency: units for one euro as the text of the source})."""
    with zipfile.ZipFile(path) as archive:
        lines = archive.read(archive.namelist()[0]).decode().splitlines()
    rows = reader(lines)
    head = next(rows)
    newest = max(rows, key=lambda row: row[0])
    rates = {
        code.strip(): rate.strip()
        for code, rate in zip(head[1:], newest[1:])
        if code.strip() and rate.strip() not in ("", "N/A")
    }
    return newest[0], rates


def us_fares(path):
    """(vintage, rows of origin, destination, 25th, 50th, 75th percentile in USD, tickets)."""
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    rows = [
        (*key.split("-"), fare["p25"], fare["median"], fare["p75"], fare["n"])
        for key, fare in data["routes"].items()
    ]
    return data["vintage"], sorted(rows)
