// Answers about remembered prices, kept for a minute, so that turning a month back and forth asks once.
// Prices hold for the market, currency and language chosen: these are part of every question.

import { readPrices } from "../core/api.js";
import { currentLocale } from "../core/i18n.js";
import { settings } from "../core/settings.js";

const KEPT_MS = 60_000;
const KEPT_MAX = 60;
const kept = new Map();

/** Asks `/v1/prices/<kind>`; values that are null are left out. */
export function pricesOf(kind, values) {
  const params = new URLSearchParams({ market: settings.market, currency: settings.currency, locale: currentLocale() });
  for (const [name, value] of Object.entries(values)) if (value !== null) params.set(name, value);
  const key = `${kind}?${params}`;
  const known = kept.get(key);
  if (known && performance.now() - known.at < KEPT_MS) return known.answer;
  if (kept.size >= KEPT_MAX) kept.clear();
  const answer = readPrices(kind, params);
  kept.set(key, { answer, at: performance.now() });
  answer.catch(() => kept.delete(key));
  return answer;
}

/** Forgets all answers: a search has just brought newer prices. */
export function forgetPrices() {
  kept.clear();
}

/** The quote to show of an answer's entry: the cheapest, or the cheapest direct one. May be null. */
export function quoteOf(entry, direct) {
  return direct ? entry.direct : entry.cheapest;
}
