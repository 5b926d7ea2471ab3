// What the page "Where can I go?" is asked, and its form in the address:
//
//   /explore?from=EDI&trip=oneway&month=2027-03&direct=1&max=15000&market=GB&currency=GBP

import { addMonths, today } from "../core/format.js";
import { recentSearches } from "../core/recent.js";
import { settings } from "../core/settings.js";

export const MONTHS = 12;
const PLACE = /^(city:)?[A-Z]{3}$/;

/** Reads an address. `from` is null while no place is chosen. */
export function readWish(params) {
  const from = params.get("from");
  const month = params.get("month");
  const max = params.get("max");
  return {
    from: PLACE.test(from ?? "") ? from : null,
    trip: params.get("trip") === "oneway" ? "oneway" : "return",
    month: monthsAhead().includes(month) ? month : "any",
    direct: params.get("direct") === "1",
    max: /^\d{1,12}$/.test(max ?? "") ? Number(max) : null,
  };
}

/** Writes an address, only what differs from the default. */
export function writeWish(wish) {
  const params = new URLSearchParams();
  if (wish.from) params.set("from", wish.from);
  if (wish.trip === "oneway") params.set("trip", "oneway");
  if (wish.month !== "any") params.set("month", wish.month);
  if (wish.direct) params.set("direct", "1");
  if (wish.max !== null) params.set("max", String(wish.max));
  params.set("market", settings.market);
  params.set("currency", settings.currency);
  return params;
}

/** This month and those after it. */
export function monthsAhead() {
  return Array.from({ length: MONTHS }, (_, index) => addMonths(today().slice(0, 7), index));
}

/** Where the last search started, if this browser knows. */
export function likelyStart() {
  const from = new URLSearchParams(recentSearches()[0]?.params ?? "").get("from");
  return PLACE.test(from ?? "") ? from : null;
}
