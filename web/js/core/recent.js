// Searches made lately in this browser, so that one press runs them again. Kept only here.

import { today } from "./format.js";

const KEY = "fareway.searches";
const MAX = 4;

/** Searches whose first day has not passed: { params, route, days }. */
export function recentSearches() {
  try {
    const list = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    if (!Array.isArray(list)) return [];
    return list.filter(({ params, route, days }) => typeof params === "string" && typeof route === "string" && Array.isArray(days) && days[0] >= today()).slice(0, MAX);
  } catch {
    return [];
  }
}

/** Puts a search on top. */
export function rememberSearch(search) {
  const list = [search, ...recentSearches().filter((other) => other.params !== search.params)].slice(0, MAX);
  write(JSON.stringify(list));
}

/** Forgets them all. */
export function forgetSearches() {
  write("[]");
}

function write(text) {
  try {
    localStorage.setItem(KEY, text);
  } catch {
    // Not remembered where storage is refused.
  }
}
