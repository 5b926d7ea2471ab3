"""Lets nigiri (the core of MOTIS) answer the queries of `lab bench connections`.

    python nigiri.py TASK.json MEASURED.json

Reads a GTFS feed and a list of queries, times `pynigiri.route` alone (the query object is made
before, the answer is read after), and writes latencies, memory and (departure, arrival, changes)
of every journey. A first round over all queries warms it up and is not counted.
"""

import json
import sys
import time

import pynigiri


def resident_mb():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096 / 1e6


def load(task):
    config = pynigiri.LoaderConfig()
    config.link_stop_distance = 0
    config.default_tz = "UTC"
    source = pynigiri.TimetableSource("all", task["feed"], config)
    return pynigiri.load_timetable([source], task["start_date"], task["end_date"])


def make_query(task, ends, start_time):
    query = pynigiri.Query()
    query.start_time = start_time
    query.start = [pynigiri.Offset(ends[0], 0, 0)]
    query.destination = [pynigiri.Offset(ends[1], 0, 0)]
    query.max_transfers = task["transfers_max"]
    query.max_travel_time = task["travel_minutes_max"]
    query.start_match_mode = pynigiri.LocationMatchMode.EXACT
    query.dest_match_mode = pynigiri.LocationMatchMode.EXACT
    return query


def minutes(moment):
    return moment if isinstance(moment, int) else round(moment.timestamp() / 60)


def told(journey):
    legs = journey.legs
    return (minutes(legs[0].dep_time), minutes(legs[-1].arr_time), journey.transfers)


def answer(timetable, task, queries):
    for counted in (False, True):
        times, found = [], []
        for ends, start_time in queries:
            query = make_query(task, ends, start_time)
            started = time.perf_counter()
            journeys = pynigiri.route(timetable, query)
            times.append((time.perf_counter() - started) * 1e3)
            if counted:
                found.append([told(journey) for journey in journeys])
    return {"ms": times, "journeys": found}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        task = json.load(file)
    before = resident_mb()
    started = time.perf_counter()
    timetable = load(task)
    load_seconds = time.perf_counter() - started
    loaded = resident_mb()
    places = {}
    for origin, destination, _ in task["queries"]:
        for code in (origin, destination):
            places[code] = timetable.find_location(code)
            if places[code] is None:
                sys.exit(f"nigiri does not know {code}")
    ends = [(places[origin], places[destination]) for origin, destination, _ in task["queries"]]
    starts = [minute for _, _, minute in task["queries"]]
    window = task["window_minutes"]
    points = list(zip(ends, starts))
    windows = [(pair, (start, start + window)) for pair, start in points]
    measured = {
        "load_seconds": load_seconds,
        "rss_before_mb": before,
        "rss_loaded_mb": loaded,
        "point": answer(timetable, task, points),
        "window": answer(timetable, task, windows),
    }
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(measured, file)


if __name__ == "__main__":
    main()
