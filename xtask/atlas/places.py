"""Airports, cities and their names: airportsdata (coordinates, zones) joined with neobase
(city codes, PageRank, names in many languages)."""

import csv
import re
import unicodedata
from collections import defaultdict
from math import asin, cos, radians, sin, sqrt

from opencc import OpenCC

SIMPLIFIED, TRADITIONAL = OpenCC("t2s"), OpenCC("s2tw")

# Languages whose names a traveller may type. "" stands for names without a language.
LANGUAGES = (
    "ar bg ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv ms nb nl no pl pt ro ru "
    "sk sl sr sv th tr uk vi zh zh-CN zh-TW"
).split()

# Names a traveller expects where the source has an official form.
CITY_NAMES = {
    "NYC": "New York", "WAS": "Washington", "SXM": "Saint Martin", "CKG": "Chongqing",
    "FRA": "Frankfurt", "CGN": "Cologne", "HPN": "White Plains", "RDU": "Raleigh/Durham", "SIA": "Xi'an",
}

# Airports that were renamed, or that everybody calls otherwise than their official name.
AIRPORT_NAMES = {
    "HND": "Tokyo Haneda", "NRT": "Tokyo Narita", "LAS": "Harry Reid International",
    "FCO": "Rome Fiumicino", "BER": "Berlin Brandenburg", "AMS": "Amsterdam Schiphol",
}

# Territories with a country code of their own that airportsdata files under their state.
TERRITORIES = {("US", "PR"), ("US", "VI"), ("FI", "AX"), ("NO", "SJ")}


def kilometres(lat1, lon1, lat2, lon2):
    a = (
        sin(radians(lat2 - lat1) / 2) ** 2
        + cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    )
    return 12742 * asin(sqrt(min(1, a)))


def fold(text):
    """Lower case without marks: two spellings that fold alike are one to the search."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in plain if not unicodedata.combining(c) and c.isalnum())


def clean(text):
    """A name without the separators of our files."""
    text = re.sub(r"\s+", " ", text.replace("|", " ").replace("\u200b", "").replace("\u200e", ""))
    return text.strip()


def airport_name(text):
    """`Edinburgh Airport` -> `Edinburgh`; the kind of place stands beside it anyway."""
    text = re.sub(r"\b(Apt|Arpt|Aprt)\b\.?", "Airport", clean(text))
    short = re.sub(r"\s+Airport$", "", text)
    return short if len(short) >= 3 else text


class Point:
    """A row of neobase."""

    def __init__(self, row):
        self.code = row["iata_code"]
        self.name = clean(row["name"])
        self.lat, self.lon = float(row["latitude"] or 0), float(row["longitude"] or 0)
        self.rank = float(row["page_rank"] or 0)
        self.country, self.country_name = row["country_code"], row["country_name"]
        self.continent, self.currency = row["continent_name"], row["ccy_code"]
        self.region = clean(row["adm1_name_utf"])
        self.cities = [code for code in row["city_code_list"].split(",") if code]
        self.kind = row["location_type"]
        self.ended = row["date_until"]
        self.names = alternate_names(row["alt_name_section"])


def alternate_names(section):
    names = []
    for part in section.split("="):
        fields = part.split("|")
        if len(fields) < 2:
            continue
        language, name = fields[0], clean(fields[1])
        flags = fields[2] if len(fields) > 2 else ""
        # c: colloquial, names nobody searches by.
        if name and language in LANGUAGES and "c" not in flags:
            # p: preferred, s: short, h: historical (people still type "Bombay").
            rank = ("p" in flags) + 2 * ("s" in flags)
            names.append((language, name, -1 if "h" in flags else rank))
    return names


def read_airportsdata(path):
    with open(path, encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["iata"]]
    return sorted(rows, key=lambda row: row["iata"])


def read_neobase(path):
    csv.field_size_limit(1 << 30)
    points = defaultdict(list)
    with open(path, encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="^", quoting=csv.QUOTE_NONE):
            points[row["iata_code"]].append(Point(row))
    return points


def best(points, kind, lat, lon, within_km):
    """The point of a kind near a place: still in use before closed, then by PageRank."""
    near = [
        p for p in points if kind in p.kind and kilometres(lat, lon, p.lat, p.lon) <= within_km
    ]
    return max(near, key=lambda p: (not p.ended, p.rank), default=None)


def build(airportsdata_rows, points):
    """Airports and cities as dictionaries, most popular first."""
    airports = []
    for row in airportsdata_rows:
        lat, lon = float(row["lat"]), float(row["lon"])
        point = best(points[row["iata"]], "A", lat, lon, 100)
        country = row["country"]
        if point and (country, point.country) in TERRITORIES:
            country = point.country
        airports.append({
            "code": row["iata"], "icao": row["icao"] if len(row["icao"]) == 4 else "",
            "name": AIRPORT_NAMES.get(row["iata"])
            or airport_name(point.name if point else row["name"]),
            "other": airport_name(row["name"]), "town": clean(row["city"]),
            "region": clean(row["subd"]), "country": country, "lat": lat, "lon": lon,
            "zone": row["tz"], "popularity": point.rank if point else 0.0,
            "cities": list(point.cities) if point else [], "names": point.names if point else [],
            "official": airport_name(point.name) if point else "",
        })
    cities = build_cities(airports, points)
    order = lambda place: (-round(place["popularity"], 5), place["code"])
    return sorted(airports, key=order), sorted(cities, key=order)


def build_cities(airports, points):
    primary = {airport["cities"][0] for airport in airports if airport["cities"]}
    served = defaultdict(list)
    for airport in airports:
        wanted = [
            code for i, code in enumerate(airport["cities"])
            if (i == 0 or code in primary or code == airport["code"])
            and best(points[code], "C", airport["lat"], airport["lon"], 200)
        ]
        airport["cities"] = wanted or [airport["code"]]
        for code in airport["cities"]:
            served[code].append(airport)
    cities = []
    for code, members in served.items():
        members.sort(key=lambda airport: (-airport["popularity"], airport["code"]))
        first = members[0]
        point = best(points[code], "C", first["lat"], first["lon"], 200)
        # Fields without scheduled traffic do not count when the city has others.
        busy = [airport for airport in members if airport["popularity"] > 0] or members
        local = point.name if point else first["town"] or first["name"]
        cities.append({
            "code": code,
            "name": CITY_NAMES.get(code) or (english_name(point) if point else local),
            "region": (point.region if point else first["region"]),
            "country": first["country"] if not point else country_of(point, members),
            "lat": point.lat if point else first["lat"],
            "lon": point.lon if point else first["lon"],
            "popularity": city_popularity(code, point, members),
            "airports": [airport["code"] for airport in busy],
            "names": (point.names if point else []) + [("", local, 0), ("", first["town"], 0)],
        })
    return cities


def english_name(point):
    """The English name where the source marks one, or where the local one needs other letters."""
    for language, name, rank in sorted(point.names, key=lambda n: -n[2]):
        longer = name.startswith(point.name) or len(name) > len(point.name) + 2
        if language == "en" and not longer and (rank > 0 or rank == 0 and not point.name.isascii()):
            return name if name.isascii() or not point.name.isascii() else point.name
    return point.name


def city_popularity(code, point, members):
    """PageRank of the city; half of it where every airport belongs to another city first."""
    rank = (point.rank if point else 0.0) or max(a["popularity"] for a in members)
    own = [a["popularity"] for a in members if a["cities"][0] == code]
    return rank if own and max(own) >= rank / 4 else max([rank / 2, *own])


def country_of(point, members):
    """The country most airports of the city are filed under, so that both always agree."""
    codes = [airport["country"] for airport in members]
    return point.country if point.country in codes else codes[0]


def both_chinese(names):
    """Chinese names in both scripts: the source has mostly one of them."""
    for language, name, rank in names:
        if language in ("zh", "zh-CN", "zh-TW"):
            # 纽约市 is "the city of New York"; travellers write 纽约.
            short = name[:-1] if name.endswith("市") and len(name) > 2 else name
            simple = SIMPLIFIED.convert(short)
            # A name written in the wanted script goes before a converted one.
            exact = 2 if rank >= 0 and (language == "zh-CN" or simple == short) else 0
            yield "zh", simple, rank + exact
            written = short if language == "zh-TW" else TRADITIONAL.convert(simple)
            yield "zh-TW", written, rank + 2 * (rank >= 0 and language == "zh-TW")
        else:
            yield language, name, rank


def spellings(place, extra=()):
    """Names in other languages: one tagged name a language, further spellings untagged."""
    seen = {fold(place["name"])}
    tagged, plain = {}, []
    for language, name, rank in sorted(both_chinese(place["names"]), key=lambda n: -n[2]):
        tag = {"nb": "no"}.get(language, language)
        folded = fold(name)
        if tag and tag != "en" and tag not in tagged and rank >= 0:
            # A name equal to the main one in another language needs no entry.
            if name != place["name"]:
                tagged[tag] = name
        elif folded and folded not in seen:
            plain.append(name)
        seen.add(folded)
    for name in extra:
        if fold(name) and fold(name) not in seen:
            plain.append(name)
            seen.add(fold(name))
    return tagged, list(dict.fromkeys(plain))
