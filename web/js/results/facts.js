// What a traveller should know about an itinerary, worked out from its legs: layovers, nights spent
// waiting, changes of airport, separate bookings. Pure: JSON in, plain facts out.

import { minutesBetween } from "../core/format.js";

const TIGHT_MINUTES = 45;
const DAY = 1440;

/** The stops of a leg: where, how long, and what is awkward about them. */
export function layovers(leg) {
  const { segments } = leg;
  return segments.slice(1).map((next, index) => {
    const before = segments[index];
    // With one stop the exact wait is what the flights leave of the whole; with more, the two local
    // times are of one city and so of one time zone.
    const minutes = segments.length === 2
      ? leg.duration_minutes - before.duration_minutes - next.duration_minutes
      : minutesBetween(before.arrives, next.departs);
    const change = before.destination !== next.origin;
    return { airport: before.destination, onward: next.origin, minutes, change, overnight: night(before.arrives, minutes), tight: !change && minutes < TIGHT_MINUTES };
  });
}

/** Whether a wait takes in the hours from one to five in the morning. */
function night(arrives, minutes) {
  const start = Number(arrives.slice(11, 13)) * 60 + Number(arrives.slice(14, 16));
  const end = start + minutes;
  return (start <= 60 && end >= 300) || end >= DAY + 300;
}

/** Marketing carriers of some legs, each once, in order of flight. */
export function carriersOf(legs) {
  return [...new Set(legs.flatMap((leg) => leg.segments.map((segment) => segment.carrier)))];
}

/** Carriers that really fly a leg where they differ from those that sell it. */
export function operatorsOf(leg) {
  return [...new Set(leg.segments.filter((segment) => segment.operating && segment.operating !== segment.carrier).map((segment) => segment.operating))];
}

/** Warnings of an itinerary as { kind, airport }, each once. */
export function warningsOf(itinerary) {
  const found = [];
  if (itinerary.self_transfer) found.push({ kind: "self_transfer" });
  for (const leg of itinerary.legs) {
    for (const stop of layovers(leg)) {
      if (stop.change) found.push({ kind: "airport_change", airport: stop.airport, onward: stop.onward });
      if (stop.overnight) found.push({ kind: "overnight", airport: stop.airport });
      if (stop.tight) found.push({ kind: "tight", airport: stop.airport });
    }
  }
  const seen = new Set();
  return found.filter(({ kind, airport }) => {
    const key = `${kind}|${airport ?? ""}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** How many sellers an itinerary has; the list shows the cheapest options only. */
export function sellersOf(itinerary) {
  return itinerary.sellers;
}
