// Sorting and filters of results: the model, its address form and its /v1 parameters, which are the same.
// An empty set means "all"; a missing window means "any time".

export const SORTS = ["best", "cheapest", "fastest"];
export const SETS = ["stops", "carriers", "alliances", "agents", "airports"];
const WINDOWS = ["depart", "arrive"];
const DAY_END = 23 * 60 + 59;

/** Nothing filtered. */
export function noFilters() {
  return { stops: new Set(), carriers: new Set(), alliances: new Set(), agents: new Set(), airports: new Set(), depart: [], arrive: [], durationMax: null, priceMax: null };
}

/** How many filters narrow the list. */
export function filterCount(filters) {
  const sets = SETS.filter((name) => filters[name].size > 0).length;
  const windows = WINDOWS.flatMap((name) => filters[name]).filter(Boolean).length;
  return sets + windows + (filters.durationMax === null ? 0 : 1) + (filters.priceMax === null ? 0 : 1);
}

/** Writes sort and filters into `params`, only what differs from the default. */
export function writeView(params, sort, filters) {
  if (sort !== "best") params.set("sort", sort);
  for (const name of SETS) {
    if (filters[name].size) params.set(name, [...filters[name]].sort().join(","));
  }
  for (const name of WINDOWS) {
    if (filters[name].some(Boolean)) params.set(name, filters[name].map(writeWindow).join(";"));
  }
  if (filters.durationMax !== null) params.set("duration_max", String(filters.durationMax));
  if (filters.priceMax !== null) params.set("price_max", String(filters.priceMax));
  return params;
}

/** Reads sort and filters from an address. */
export function readView(params) {
  const filters = noFilters();
  for (const name of SETS) {
    filters[name] = new Set((params.get(name) ?? "").split(",").filter(Boolean));
  }
  for (const name of WINDOWS) {
    const text = params.get(name);
    if (text) filters[name] = text.split(";").map(readWindow);
  }
  filters.durationMax = readNumber(params.get("duration_max"));
  filters.priceMax = readNumber(params.get("price_max"));
  const sort = params.get("sort");
  return { sort: SORTS.includes(sort) ? sort : "best", filters };
}

function writeWindow(window) {
  if (!window) return "00:00-23:59";
  return `${clock(window[0])}-${clock(Math.min(window[1], DAY_END))}`;
}

function clock(minutes) {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

function readWindow(text) {
  const found = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(text);
  if (!found) return null;
  const [from, to] = [found[1] * 60 + Number(found[2]), found[3] * 60 + Number(found[4])];
  return from === 0 && to >= DAY_END ? null : [from, to >= DAY_END ? 1440 : to];
}

function readNumber(text) {
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}
