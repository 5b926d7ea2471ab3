// One search on screen: opens or starts it, listens to its events, reads pages of its results.
//
//   server-sent events ──▶ progress ──▶ `progress`
//   news, sort, filters ─▶ read page + leads of the other sorts ──▶ `page`
//
// Out: events `started`, `progress`, `page`, `fault`. Knows nothing of the DOM. Falls back to polling
// when events stop coming. Reads of growing results are spaced, so a search of 40 partners costs a
// dozen reads, not forty.

import { createSearch, readSearch } from "../core/api.js";
import { filterCount, SORTS, writeView } from "../core/filters.js";
import { firstOffers } from "../core/told.js";
import { follow } from "./live.js";

const PAGE = 20;
const PAGE_MAX = 100;
const GAP_MS = 900;
const FIRST_GAP_MS = 100;

export class Session extends EventTarget {
  constructor({ token = null, fresh = false, request = null, sort, filters }) {
    super();
    this.token = token;
    this.fresh = fresh;
    /** When the wait for offers began; null once it is over, or if nobody waited. */
    this.waitsSince = token && !fresh ? null : performance.now();
    this.request = request;
    this.sort = sort;
    this.filters = filters;
    this.data = null;
    this.leads = {};
    this.progress = { status: "incomplete", partners: { asked: 0, answered: 0, failed: 0 }, total: 0, best_price: null };
    this.closing = new AbortController();
    this.reading = null;
    this.readAt = 0;
    this.timer = 0;
    this.stop = null;
    /** Rows on screen; a growing list is read again as long as it is shown. */
    this.rows = 0;
  }

  /** Starts the search, or opens the one of the token. Faults are told by `fault`. */
  async start() {
    try {
      if (!this.token) {
        const opened = await createSearch(this.request, this.closing.signal);
        this.token = opened.token;
        this.fresh = true;
        this.tell("started");
      }
      // A search just started is listened to at once; of an older one, the page says whether it runs.
      if (this.fresh) this.listen();
      await this.read("user", PAGE);
      if (!this.stop && !this.closing.signal.aborted && this.progress.status === "incomplete") this.listen();
    } catch (fault) {
      this.fail(fault);
    }
  }

  /** Sorts anew. */
  setSort(sort) {
    this.sort = sort;
    return this.readNow();
  }

  /** Filters anew. */
  setFilters(filters) {
    this.filters = filters;
    return this.readNow();
  }

  /** Reads the first page again because the traveller asked for it. */
  readNow() {
    clearTimeout(this.timer);
    this.timer = 0;
    return this.read("user", PAGE).catch((fault) => this.fail(fault));
  }

  /** The next page of `data`, or null when it is the last. Rows already shown are left out. */
  async more(data) {
    if (!data.cursor) return null;
    // As `data` was read: a cursor goes on only with the sort and filters it came with, and the traveller
    // may have chosen others meanwhile.
    const params = new URLSearchParams(data.asked);
    params.set("limit", String(PAGE));
    params.set("cursor", data.cursor);
    const next = await readSearch(this.token, params, this.closing.signal);
    const shown = new Set(data.itineraries.map((itinerary) => itinerary.id));
    const fresh = next.itineraries.filter((itinerary) => !shown.has(itinerary.id));
    return { ...next, asked: data.asked, facets: data.facets, itineraries: [...data.itineraries, ...fresh], fresh: fresh.length };
  }

  /** Ends everything: requests, events, timers. */
  close() {
    this.closing.abort();
    this.reading?.abort();
    this.stop?.();
    clearTimeout(this.timer);
  }

  listen() {
    this.stop = follow(this.token, {
      onProgress: (progress) => this.onProgress(progress),
      onNews: () => this.readSoon(),
      onComplete: () => {
        clearTimeout(this.timer);
        this.timer = 0;
        if (this.data && this.data.status !== "incomplete") return;
        this.read("final", this.shown()).catch((fault) => this.fail(fault));
      },
      onFault: (fault) => this.fail(fault),
    });
  }

  onProgress(progress) {
    this.progress = { ...this.progress, ...progress, partners: { ...this.progress.partners, ...progress.partners } };
    this.tell("progress");
  }

  readSoon() {
    if (this.timer) return;
    if (this.data && this.data.version === this.progress.version) return;
    const wait = Math.max(0, this.readAt + (this.rows ? GAP_MS : FIRST_GAP_MS) - performance.now());
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.read("growth", this.shown()).catch((fault) => this.fail(fault));
    }, wait);
  }

  shown() {
    return Math.min(PAGE_MAX, Math.max(PAGE, this.rows));
  }

  params(sort, limit) {
    const params = writeView(new URLSearchParams(), sort, this.filters);
    params.set("sort", sort);
    params.set("limit", String(limit));
    return params;
  }

  /** One itinerary with all its options, and the page it came with; null if filters leave it out. */
  async readItinerary(id) {
    const params = this.params(this.sort, 1);
    params.set("itinerary", id);
    params.set("options", "all");
    const data = await readSearch(this.token, params, this.closing.signal);
    const [itinerary] = data.itineraries;
    return itinerary ? { itinerary, data } : null;
  }

  async read(reason, limit) {
    this.reading?.abort();
    const reading = new AbortController();
    this.reading = reading;
    this.readAt = performance.now();
    const { sort } = this;
    const others = SORTS.filter((other) => other !== sort);
    try {
      const params = this.params(sort, limit);
      const [data, ...leads] = await Promise.all([
        readSearch(this.token, params, reading.signal),
        ...others.map((other) => readSearch(this.token, this.params(other, 1), reading.signal)),
      ]);
      this.readAt = performance.now();
      data.asked = params;
      this.data = data;
      this.leads = { [sort]: data.itineraries[0] ?? null };
      others.forEach((other, index) => { this.leads[other] = leads[index].itineraries[0] ?? null; });
      const { status, partners, total } = data;
      if (total > 0 && this.waitsSince !== null) {
        firstOffers(performance.now() - this.waitsSince);
        this.waitsSince = null;
      }
      // The cheapest of the unfiltered list; while filters are on, the events keep the best price.
      const best = filterCount(this.filters) ? {} : { best_price: this.leads.cheapest?.price ?? null };
      this.onProgress({ status, partners, total, ...best });
      this.tell("page", { reason });
    } catch (fault) {
      if (!reading.signal.aborted) throw fault;
    }
  }

  fail(fault) {
    if (this.closing.signal.aborted) return;
    this.tell("fault", { fault });
  }

  tell(type, detail = {}) {
    if (!this.closing.signal.aborted) this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
