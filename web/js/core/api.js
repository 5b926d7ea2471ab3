// The only door to the server: `/v1`. Out: parsed JSON, or an ApiError with the server's stable code.

/** A request that did not succeed. `code` is stable: `offline`, `timeout`, or the server's own. */
export class ApiError extends Error {
  constructor({ status = 0, code = "unknown", field = "", detail = "" }) {
    super(detail || code);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.field = field ?? "";
    this.detail = detail ?? "";
  }
}

const TIMEOUT_MS = 20_000;

async function call(path, { method = "GET", body, signal } = {}) {
  const headers = { accept: "application/json" };
  if (body) headers["content-type"] = "application/json";
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const both = signal ? AbortSignal.any([signal, limit]) : limit;
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), signal: both });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError({ code: error.name === "TimeoutError" ? "timeout" : "offline" });
  }
  const payload = await answer.json().catch(() => null);
  if (!answer.ok) throw new ApiError({ status: answer.status, ...pick(payload) });
  if (payload === null) throw new ApiError({ status: answer.status, code: "unreadable" });
  return payload;
}

function pick(problem) {
  const { code, field, detail, title } = problem ?? {};
  return { code: code ?? "unknown", field, detail: detail ?? title };
}

const segment = encodeURIComponent;

/** Starts a search. */
export function createSearch(request, signal) {
  return call("/v1/searches", { method: "POST", body: request, signal });
}

/** One page of a search's results. `params` is a URLSearchParams. */
export function readSearch(token, params, signal) {
  const query = params?.toString();
  return call(`/v1/searches/${segment(token)}${query ? `?${query}` : ""}`, { signal });
}

/** Where the events of a search are. */
export function eventsUrl(token) {
  return `/v1/searches/${segment(token)}/events`;
}

/** What every partner did for a search. */
export async function readPartners(token, signal) {
  return (await call(`/v1/searches/${segment(token)}/partners`, { signal })).partners ?? [];
}

/** Cities and airports that fit a term. */
export async function suggest(term, locale, limit, signal) {
  const params = new URLSearchParams({ term, limit: String(limit), locale });
  return (await call(`/v1/places?${params}`, { signal })).places ?? [];
}

/** Markets, locales and currencies the server knows. */
export function readCulture() {
  return call("/v1/culture");
}

/** Prices seen lately: `kind` is `month`, `graph`, `explore` or `history`, `params` a URLSearchParams. */
export function readPrices(kind, params, signal) {
  return call(`/v1/prices/${kind}?${params}`, { signal });
}
