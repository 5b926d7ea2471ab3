// A search as the form holds it, as the address bar holds it, and as the server wants it.
//
//   form model  <->  /search?from=EDI&to=city:LON&depart=2027-03-03&return=…  ->  POST body
//
// The address alone is enough to run the search again; `token` only saves asking again.

import { addDays, today } from "./format.js";
import { bare } from "./places.js";

export const LEGS_MAX = 6;
export const ADULTS_MAX = 8;
export const YOUNG_MAX = 8;
export const HORIZON_DAYS = 330;
export const CABINS = ["economy", "premium_economy", "business", "first"];
export const TRIPS = ["return", "oneway", "multi"];

/** An empty form: a return trip for one adult, some weeks ahead. */
export function emptyQuery() {
  return {
    trip: "return",
    legs: [{ origin: null, destination: null, date: addDays(today(), 28) }],
    returnDate: addDays(today(), 35),
    cabin: "economy",
    adults: 1,
    children: [],
    infants: [],
    nearby: false,
    direct: false,
  };
}

/** Legs of the trip as the traveller flies them: a return is two legs. */
export function legsOf(query) {
  if (query.trip === "multi") return query.legs;
  const [out] = query.legs;
  if (query.trip === "oneway") return [out];
  return [out, { origin: out.destination, destination: out.origin, date: query.returnDate }];
}

/** Everybody who travels. */
export function travellerCount(query) {
  return query.adults + query.children.length + query.infants.length;
}

/** The POST body. Places must be chosen before. */
export function toRequest(query, settings) {
  return {
    legs: legsOf(query).map((leg) => ({ origin: leg.origin.id, destination: leg.destination.id, date: leg.date })),
    cabin: query.cabin,
    adults: query.adults,
    children_ages: [...query.children, ...query.infants],
    market: settings.market,
    locale: settings.locale,
    currency: settings.currency,
    nearby: query.nearby,
  };
}

/** The search's part of the address. */
export function toParams(query, settings) {
  const params = new URLSearchParams();
  const [first] = query.legs;
  if (query.trip === "multi") {
    for (const leg of query.legs) params.append("leg", `${leg.origin.id}~${leg.destination.id}~${leg.date}`);
  } else {
    params.set("from", first.origin.id);
    params.set("to", first.destination.id);
    params.set("depart", first.date);
    if (query.trip === "return") params.set("return", query.returnDate);
  }
  params.set("adults", String(query.adults));
  const young = [...query.children, ...query.infants];
  if (young.length) params.set("children", young.join(","));
  if (query.cabin !== "economy") params.set("cabin", query.cabin);
  if (query.nearby) params.set("nearby", "1");
  if (query.direct) params.set("direct", "1");
  params.set("market", settings.market);
  params.set("currency", settings.currency);
  return params;
}

const PLACE = /^(city:)?[A-Z]{3}$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** The search an address asks for, or null when it asks for none. Places carry codes only. */
export function fromParams(params) {
  const query = emptyQuery();
  const legs = params.getAll("leg").slice(0, LEGS_MAX).map((text) => readLeg(...text.split("~")));
  if (legs.length) {
    if (legs.some((leg) => leg === null)) return null;
    query.trip = "multi";
    query.legs = legs;
  } else {
    const leg = readLeg(params.get("from"), params.get("to"), params.get("depart"));
    if (!leg) return null;
    query.legs = [leg];
    const back = params.get("return");
    query.trip = back && DATE.test(back) ? "return" : "oneway";
    query.returnDate = query.trip === "return" ? back : addDays(leg.date, 7);
  }
  query.adults = clamp(Number(params.get("adults") ?? 1), 1, ADULTS_MAX);
  const ages = (params.get("children") ?? "").split(",").filter((age) => /^\d{1,2}$/.test(age)).map(Number);
  query.children = ages.filter((age) => age >= 2 && age <= 17).slice(0, YOUNG_MAX);
  query.infants = ages.filter((age) => age < 2).slice(0, query.adults);
  const cabin = params.get("cabin");
  query.cabin = CABINS.includes(cabin) ? cabin : "economy";
  query.nearby = params.get("nearby") === "1";
  query.direct = params.get("direct") === "1";
  return query;
}

function readLeg(from, to, date) {
  if (!PLACE.test(from ?? "") || !PLACE.test(to ?? "") || !DATE.test(date ?? "")) return null;
  return { origin: bare(from), destination: bare(to), date };
}

function clamp(number, low, high) {
  return Number.isInteger(number) ? Math.min(high, Math.max(low, number)) : low;
}

/**
 * What the form itself can tell is wrong, as { field, key } with the server's names of fields; the
 * server has the last word.
 */
export function faultsOf(query) {
  const faults = [];
  let before = today();
  legsOf(query).forEach((leg, index) => {
    const own = query.trip === "return" && index === 1;
    if (!own) {
      if (!leg.origin) faults.push({ field: `legs[${index}].origin`, key: "error.origin_missing" });
      if (!leg.destination) faults.push({ field: `legs[${index}].destination`, key: "error.destination_missing" });
      if (leg.origin && leg.origin.id === leg.destination?.id) faults.push({ field: `legs[${index}].destination`, key: "error.same_place" });
    }
    if (!DATE.test(leg.date ?? "")) faults.push({ field: `legs[${index}].date`, key: "error.date_missing" });
    else if (leg.date < today()) faults.push({ field: `legs[${index}].date`, key: "error.date_past" });
    else if (leg.date < before) faults.push({ field: `legs[${index}].date`, key: "error.date_before" });
    else if (leg.date > addDays(today(), HORIZON_DAYS)) faults.push({ field: `legs[${index}].date`, key: "error.date_far" });
    else before = leg.date;
  });
  if (query.children.some((age) => age === null)) faults.push({ field: "children_ages", key: "error.age_missing" });
  if (query.infants.length > query.adults) faults.push({ field: "children_ages", key: "error.laps" });
  return faults;
}
