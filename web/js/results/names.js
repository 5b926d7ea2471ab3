// Names for the codes of one answer, and the small pictures that go with them.

import { h } from "../core/dom.js";

const TONES = 10;

/** The name of a carrier, or its code. */
export function carrierName(data, code) {
  return data.carriers?.[code]?.name ?? code;
}

/** The name of an airport, or its code. */
export function airportName(data, code) {
  return data.airports?.[code]?.name ?? code;
}

/** The city of an airport, or the airport's own name. */
export function cityName(data, code) {
  return data.airports?.[code]?.city || airportName(data, code);
}

/** A badge with a carrier's code. The colour depends on the code alone, so it is always the same. */
export function carrierBadge(code) {
  let sum = 0;
  for (const letter of code) sum = (sum * 31 + letter.codePointAt(0)) % 997;
  return h("span", { class: `badge tone-${sum % TONES}`, "aria-hidden": "true", translate: "no" }, code);
}
