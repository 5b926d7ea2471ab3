// What the page tells the service of itself: which pages were shown, how long they took, what failed.
// Nothing of what a traveller typed, and nothing when the browser asks not to be followed.

import { settings } from "./settings.js";

const ADDRESS = "/v1/beacon?key=page";
const WAIT_MS = 5_000;
const MOST = 50;
const silent = navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";

let facts = [];
let timer = 0;
let page = "search";
/** Kept until the page is hidden: each grows until then. */
const last = { lcp: null, inp: null };

function tell(kind, fields) {
  if (silent || facts.length >= MOST) return;
  facts.push({ kind, page, ...fields });
  timer ||= setTimeout(send, WAIT_MS);
}

function send() {
  clearTimeout(timer);
  timer = 0;
  if (facts.length === 0) return;
  const body = facts.map((fact) => JSON.stringify(fact)).join("\n");
  facts = [];
  navigator.sendBeacon?.(ADDRESS, body);
}

const took = (metric, ms) => Number.isFinite(ms) && tell("page_timing", { metric, ms: Math.round(ms * 10) / 10 });

/** A page is on screen: `search`, `results` or `explore`. */
export function shown(name) {
  page = name;
  tell("page_shown", { locale: settings.locale, market: settings.market, width: Math.round(window.innerWidth) });
}

/** A search showed its first offers, so many milliseconds after it began. */
export function firstOffers(ms) {
  took("first_offers", ms);
}

function failed(error, file, line) {
  const name = String(error?.name ?? "Error").slice(0, 64);
  const path = file ? new URL(file, location.href).pathname.slice(0, 64) : undefined;
  tell("page_failed", { error: name, file: path, line: Number.isInteger(line) ? line : undefined });
}

function observe(type, see, options = {}) {
  try {
    new PerformanceObserver((list) => list.getEntries().forEach(see)).observe({ type, buffered: true, ...options });
  } catch {
    // This browser does not measure it.
  }
}

/** Begins to measure. */
export function listen() {
  if (silent) return;
  observe("navigation", (entry) => took("ttfb", entry.responseStart));
  observe("paint", (entry) => entry.name === "first-contentful-paint" && took("fcp", entry.startTime));
  observe("largest-contentful-paint", (entry) => (last.lcp = entry.startTime));
  observe("event", (entry) => entry.interactionId && (last.inp = Math.max(last.inp ?? 0, entry.duration)), { durationThreshold: 40 });
  addEventListener("error", (event) => failed(event.error, event.filename, event.lineno));
  addEventListener("unhandledrejection", (event) => failed(event.reason));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "hidden") return;
    for (const metric of ["lcp", "inp"]) {
      if (last[metric] !== null) took(metric, last[metric]);
      last[metric] = null;
    }
    send();
  });
}
