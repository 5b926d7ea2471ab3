"""Draws `web/img/world.svg`, the map of the page "Where can I go?", out of `data/airports.csv`.

    python3 xtask/atlas/world.py [--check]

`cargo xtask atlas` runs it after the data. Every airport is a dot, and eight thousand of them show the
continents: no outline of land is needed, so none has to be licensed. `--check` writes nothing and fails
if the file is not what the data gives.

The projection is a plain grid: two units a degree of longitude from 180 west, 2.3 units a degree of
latitude from 84 north to 56 south. `web/js/explore/projection.js` holds the same four numbers.
"""

import csv
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNITS_X, UNITS_Y, NORTH, SOUTH = 2, 2.3, 84, -56


def dots():
    """Places on the grid, each once, row by row."""
    with open(ROOT / "data/airports.csv", encoding="utf-8") as file:
        rows = csv.DictReader((line for line in file if not line.startswith("#")), delimiter="|")
        places = [(float(row["latitude"]), float(row["longitude"])) for row in rows]
    inside = [(lat, lon) for lat, lon in places if SOUTH <= lat <= NORTH]
    return sorted({(round((NORTH - lat) * UNITS_Y), round((lon + 180) * UNITS_X)) for lat, lon in inside})


def picture():
    """One path of dots: a line of no length with round ends is a dot, as wide as the page says."""
    path, at = [], (0, 0)
    for y, x in dots():
        path.append(f"m{x - at[1]}{'' if y < at[0] else ' '}{y - at[0]}h0")
        at = (y, x)
    height = round((NORTH - SOUTH) * UNITS_Y)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {360 * UNITS_X} {height}">\n'
        '<path id="airports" fill="none" stroke="currentColor" stroke-linecap="round" '
        f'd="{"".join(path)}"/>\n</svg>\n'
    )


def main():
    target = ROOT / "web/img/world.svg"
    text = picture()
    if "--check" not in sys.argv[1:]:
        target.write_text(text, encoding="utf-8", newline="\n")
    elif target.read_text(encoding="utf-8") != text:
        sys.exit("web/img/world.svg is not what data/airports.csv gives: run cargo xtask atlas")


if __name__ == "__main__":
    main()
