// Places of the form: names for codes that come from a link, and the places picked lately.
// A place is { id, kind, name, city, country, country_code, iata }; `id` is "EDI" or "city:LON".

import { suggest } from "./api.js";
import { currentLocale } from "./i18n.js";

const KEY = "fareway.places";
const RECENT_MAX = 5;
const known = new Map();

/** Remembers the name of a place for this visit. */
export function learn(place) {
  if (known.size > 300) known.clear();
  known.set(`${currentLocale()}|${place.id}`, place);
}

/** The place of an id. Falls back to the bare code when the server does not know a name. */
export async function placeOf(id) {
  const found = known.get(`${currentLocale()}|${id}`);
  if (found) return found;
  const code = id.replace(/^city:/, "");
  try {
    for (const place of await suggest(code, currentLocale(), 10)) learn(place);
  } catch {
    // Names are a courtesy: the search works with codes.
  }
  const exact = known.get(`${currentLocale()}|${id}`);
  if (exact) return exact;
  // A city with one airport is offered as one place; its name serves for either id.
  const twin = known.get(`${currentLocale()}|${id.startsWith("city:") ? code : `city:${code}`}`);
  if (!twin) return bare(id);
  const place = { ...twin, id };
  learn(place);
  return place;
}

/** The query with the names that are known already. */
export function learnt(query) {
  for (const leg of query.legs) {
    leg.origin = known.get(`${currentLocale()}|${leg.origin.id}`) ?? leg.origin;
    leg.destination = known.get(`${currentLocale()}|${leg.destination.id}`) ?? leg.destination;
  }
  return query;
}

/** A place of which only the id is known. */
export function bare(id) {
  const code = id.replace(/^city:/, "");
  return { id, kind: id.startsWith("city:") ? "city" : "airport", name: code, city: code, country: "", country_code: "", iata: code };
}

/** Places picked lately, newest first. */
export function recentPlaces() {
  try {
    const list = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(list) ? list.filter((place) => place && typeof place.id === "string" && typeof place.name === "string").slice(0, RECENT_MAX) : [];
  } catch {
    return [];
  }
}

/** Puts a place on top of the recent ones. */
export function rememberPlace(place) {
  learn(place);
  const { highlight: _, ...plain } = place;
  const list = [plain, ...recentPlaces().filter((other) => other.id !== place.id)].slice(0, RECENT_MAX);
  try {
    localStorage.setItem(KEY, JSON.stringify(list));
  } catch {
    // Not remembered where storage is refused.
  }
}
