// The cheapest price seen per departure and return day of one route, read by month of departure.

import { today } from "../core/format.js";
import { pricesOf, quoteOf } from "./memory.js";

/** Builds the book; `direct` counts direct flights only. */
export function stayBook({ origin, destination, direct = false }) {
  const pairs = new Map();
  const unit = { currency: "", decimals: 2 };

  async function load(month) {
    const answer = await pricesOf("graph", { origin, destination, out: month, back: "any" });
    unit.currency = answer.currency;
    unit.decimals = answer.decimals;
    for (const pair of answer.pairs) {
      const quote = quoteOf(pair, direct);
      if (quote) pairs.set(`${pair.departs}|${pair.returns}`, { departs: pair.departs, returns: pair.returns, quote });
    }
  }

  /** The cheapest of all that was read and can still be flown. */
  function best() {
    const open = [...pairs.values()].filter(({ departs }) => departs >= today());
    return open.reduce((least, pair) => (least && least.quote.price <= pair.quote.price ? least : pair), null);
  }

  return { load, unit, best, quote: (departs, returns) => pairs.get(`${departs}|${returns}`)?.quote ?? null };
}
