"""Stable numbers for places and carriers. The file only ever grows: a row is never changed or
taken away, because links, prices and other people's databases hold these numbers."""

import csv
import os

# Numbers that existing clients of the v3 API know.
KNOWN = {
    "airport": {
        "LHR": 95565050, "LGW": 95565051, "STN": 95565052, "EDI": 95673668, "JFK": 95565058,
        "EWR": 95565059, "VIE": 95673444, "GLA": 104120237, "AMS": 95565044, "BUD": 95673439,
    },
    "internal": {
        "LHR": 13554, "LGW": 13542, "STN": 16574, "LTN": 13771, "EDI": 11235, "VIE": 17517,
        "AUH": 9618, "AMS": 9451, "CDG": 10413, "DUB": 11154, "FRA": 11616,
    },
    "city": {
        "LON": 27544008, "EDI": 27540851, "PAR": 27539733, "NYC": 27537542, "AMS": 27536561,
        "GLA": 27541852,
    },
    "country": {"GB": 29475375, "ES": 29475369, "NL": 29475378, "HU": 29475257},
    "continent": {"EU": 27563221, "AN": 205351567},
    "carrier": {
        "BA": -32480, "U2": -32356, "FR": -31915, "KL": -32132, "EI": -32753, "W4": -30596,
        "W6": -31669,
    },
    "alliance": {"oneworld": -32000, "star": -31999, "skyteam": -31998},
    # Sellers: an airline by its carrier code, an agency by its name.
    "agent": {
        "BA": "ba__", "U2": "easy", "KL": "klm1", "FR": "ryan", "AF": "airf", "Kiwi.com": "skyp",
    },
}

# First number given out for a kind, and the step to the next one.
RANGES = {
    "airport": (128_660_000, 1), "internal": (20_000, 1), "city": (27_545_000, 1),
    "country": (29_475_400, 1), "continent": (27_563_222, 1), "carrier": (-28_000, -1),
    "alliance": (-31_000, 1),
}


def read(path):
    rows = []
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            rows = [(r["kind"], r["code"], r["id"]) for r in csv.DictReader(file)]
    return rows


def extend(known, path, wanted):
    """Writes the rows of the file `known`, then a number for every wanted (kind, code) that has
    none yet; returns how many are new."""
    rows = read(known)
    given = {(kind, code): number for kind, code, number in rows}
    used = {kind: {int(n) for (k, _), n in given.items() if k == kind} for kind in RANGES}
    for kind in RANGES:
        used[kind] |= set(KNOWN[kind].values())
    new = []
    for kind, code in wanted:
        if (kind, code) in given:
            continue
        if kind == "agent":
            number = KNOWN["agent"].get(code) or f"{code.lower()}__"
        elif code in KNOWN[kind]:
            number = KNOWN[kind][code]
        else:
            number, step = RANGES[kind]
            while number in used[kind]:
                number += step
            RANGES[kind] = (number, step)
            used[kind].add(number)
        given[kind, code] = str(number)
        new.append((kind, code, str(number)))
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("kind,code,id\n")
        file.writelines(",".join(row) + "\n" for row in rows + new)
    return len(new)
