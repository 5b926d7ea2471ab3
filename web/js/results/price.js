// How a price is written: exact, the fraction a little smaller.

import { h } from "../core/dom.js";
import { money, moneyParts } from "../core/format.js";

/** A price in the search's display currency, as an element. */
export function priceTag(minor, data, className = "price") {
  const { currency, decimals } = data;
  const parts = moneyParts(minor, currency, decimals).map(({ type, value }) =>
    (type === "fraction" || type === "decimal" ? h("span", { class: "price-fraction" }, value) : value));
  return h("bdi", { class: className }, parts);
}

/** The same as text. */
export function priceText(minor, data) {
  return money(minor, data.currency, data.decimals);
}
