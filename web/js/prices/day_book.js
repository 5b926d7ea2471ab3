// The cheapest price seen per day of one route. Two forms:
//
//   by departure: { origin, destination, back: null | "any" | day }
//   by return:    { origin, destination, out: day }
//
// `load(month)` asks for a month, `quote(date)` answers what is known so far.

import { pricesOf, quoteOf } from "./memory.js";

/** Builds the book; `direct` counts direct flights only. */
export function dayBook({ origin, destination, out = null, back = null, direct = false }) {
  const days = new Map();
  const unit = { currency: "", decimals: 2 };

  async function load(month) {
    const ends = { origin, destination };
    const answer = out
      ? await pricesOf("graph", { ...ends, out, back: month })
      : await pricesOf("month", { ...ends, out: month, back });
    unit.currency = answer.currency;
    unit.decimals = answer.decimals;
    if (out) for (const pair of answer.pairs) put(pair.returns, quoteOf(pair, direct));
    else for (const day of answer.days) put(day.date, quoteOf(day, direct));
  }

  function put(date, quote) {
    if (quote) days.set(date, quote);
  }

  return { load, unit, direct, quote: (date) => days.get(date) ?? null };
}
