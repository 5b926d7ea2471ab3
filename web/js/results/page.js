// The page of results: joins one Session with what shows it. In: a query and, if there is one, a token.
// Out: `nav` calls that keep the address in step, so that reload, back and a shared link work.

import { readPartners } from "../core/api.js";
import { announce } from "../core/announce.js";
import { fill, h, icon } from "../core/dom.js";
import { filterCount, noFilters } from "../core/filters.js";
import { list as joined } from "../core/format.js";
import { has, t } from "../core/i18n.js";
import { placeOf } from "../core/places.js";
import { legsOf, toRequest, travellerCount } from "../core/query.js";
import { settings } from "../core/settings.js";
import { forgetPrices } from "../prices/memory.js";
import { otherDays } from "../prices/other_days.js";
import { openSheet } from "../core/sheet.js";
import { openDetails } from "./details.js";
import { filterPanel } from "./filter_panel.js";
import { openLedger } from "./ledger.js";
import { resultList } from "./list.js";
import { progressStrip } from "./progress.js";
import { Session } from "./session.js";
import { faultNotice, notice } from "./states.js";
import { searchSummary } from "./summary.js";
import { sortTabs } from "./tabs.js";

const NAMED_MAX = 3;
/** A price is remembered within a second of being seen. */
const REMEMBERED_MS = 1_200;

/** Builds the page. `view` is { token, fresh, sort, filters, open }; `fresh` says it was just started. */
export function resultsPage(query, view, nav) {
  const session = new Session({ token: view.token, fresh: view.fresh, request: toRequest(query, settings), sort: view.sort, filters: view.filters });
  const travellers = travellerCount(query);
  const state = { data: null, details: null, ledger: null, sheet: null, wanted: view.open, over: false, timer: 0 };

  const summary = searchSummary(query, (changed, form) => nav.search(changed, form));
  const strip = progressStrip({ onLedger: showLedger });
  const partial = h("p", { class: "note careful partial", hidden: true });
  const tabs = sortTabs({ sort: view.sort, onSort: (sort) => { tell({ sort }); tabs.show(sort, session.leads, state.data ?? {}); session.setSort(sort); } });
  const legs = legsOf(query).map((leg) => ({ from: leg.origin.iata, to: leg.destination.iata }));
  const filters = filterPanel({ filters: view.filters, legs, onChange: filter });
  const list = resultList({
    travellers,
    onOpen: (id) => open(id, true),
    onMore: (data) => session.more(data),
    onApplied: (data) => { state.data = data; session.rows = data.itineraries.length; },
  });
  const matched = h("p", { class: "matched" });
  const filterButton = h("button", { type: "button", class: "btn quiet filter-open", on: { click: showFilters } });
  const aside = h("aside", { class: "aside", "aria-label": t("filter.title") }, filters.node);
  const place = h("div", { class: "list-place" }, list.node);
  const body = h("div", { class: "wrap results-grid" }, aside,
    h("div", { class: "results-main" }, tabs.node, h("div", { class: "toolbar" }, matched, filterButton), place, partial));
  const days = otherDays(query, (out, back) => nav.go({ ...query, legs: [{ ...query.legs[0], date: out }], returnDate: back ?? query.returnDate }));
  const node = h("div", { class: "results" }, summary.node, h("div", { class: "wrap" }, strip.node, days?.node), body);

  session.addEventListener("started", () => tell({ token: session.token }));
  session.addEventListener("progress", () => {
    strip.show(session.progress, session.data);
    state.ledger?.refresh();
  });
  session.addEventListener("page", ({ detail }) => onPage(detail.reason));
  session.addEventListener("fault", ({ detail }) => onFault(detail.fault));
  strip.show(session.progress, null);
  showToolbar();
  resolveNames();
  session.start();

  function tell(changes, push = false) {
    nav.address({ token: session.token, sort: session.sort, filters: session.filters, open: state.details?.id ?? null, ...changes }, push);
  }

  function filter(next) {
    tell({ filters: next });
    showToolbar();
    session.setFilters(next);
  }

  function onPage(reason) {
    const { data, leads } = session;
    const running = data.status === "incomplete";
    list.idle(running);
    tabs.show(session.sort, leads, data);
    filters.show(data);
    if (!running && !state.over) finish(data);
    if (data.itineraries.length === 0) {
      state.data = data;
      if (running && data.total === 0) return;
      showNothing(data);
    } else {
      if (!list.node.isConnected) fill(place, list.node);
      list.offer(data, leads, reason);
      openWanted();
    }
    showToolbar();
    showAllOptions();
  }

  function showNothing(data) {
    list.empty();
    const ledger = { label: t("progress.ledger"), run: showLedger };
    if (data.total > 0) {
      fill(place, notice({ kind: "filtered", title: t("state.filtered"), text: t("state.filtered_text", { n: data.total }), actions: [{ label: t("filter.clear"), primary: true, run: clear }] }));
    } else if (data.status === "failed" || (data.partners.asked > 0 && data.partners.failed >= data.partners.asked)) {
      fill(place, notice({ kind: "failed", title: t("state.all_failed"), text: t("state.all_failed_text"), actions: [{ label: t("state.again"), primary: true, run: () => nav.again(query) }, ledger] }));
    } else {
      fill(place, notice({ kind: "empty", title: t("state.empty"), text: t(data.partners.failed ? "state.empty_partial_text" : "state.empty_text"), actions: [ledger] }));
    }
  }

  function clear() {
    const none = noFilters();
    filters.set(none);
    filter(none);
  }

  async function finish(data) {
    state.over = true;
    state.timer = setTimeout(() => { forgetPrices(); days?.refresh(); }, REMEMBERED_MS);
    announce(`${t("progress.over")}. ${t("progress.flights", { n: data.total })}`);
    if (!data.partners.failed) return;
    const lost = (await readPartners(session.token).catch(() => [])).filter((partner) => partner.fault);
    if (!lost.length) return;
    const named = lost.slice(0, NAMED_MAX).map((partner) => `${partner.name} (${has(`fault.${partner.fault}`) ? t(`fault.${partner.fault}`) : partner.fault})`);
    if (lost.length > NAMED_MAX) named.push(t("partial.others", { n: lost.length - NAMED_MAX }));
    fill(partial, icon("warn"), h("span", {}, t("partial.text", { who: joined(named) })));
    partial.hidden = false;
  }

  function onFault(fault) {
    if (state.data && (fault.code === "offline" || fault.code === "timeout")) {
      nav.offline(true);
      return;
    }
    if (fault.status === 400 && fault.field?.startsWith("legs")) {
      node.classList.add("blank");
      summary.refuse(fault);
      return;
    }
    node.classList.add("blank");
    fill(place, faultNotice(fault, { onAgain: () => nav.again(query), onRetry: () => nav.retry(), onHome: () => nav.home() }));
    place.querySelector("h2")?.focus();
  }

  function showToolbar() {
    const { data } = session;
    const on = filterCount(session.filters);
    matched.textContent = data ? (on ? t("list.matched", { n: data.matched, total: data.total }) : t("progress.flights", { n: data.total })) : "";
    fill(filterButton, icon("filter"), h("span", {}, t("filter.open")), on > 0 && h("span", { class: "count-dot" }, String(on)));
    const foot = state.sheet?.node.querySelector(".sheet-show");
    if (foot && data) foot.textContent = t("filter.show", { n: data.matched });
  }

  // On a narrow screen the same panel moves into a sheet and back.
  function showFilters() {
    const show = h("button", { type: "button", class: "btn primary sheet-show", on: { click: () => state.sheet.close() } }, t("filter.show", { n: session.data?.matched ?? 0 }));
    state.sheet = openSheet({ title: t("filter.title"), kind: "side filters-sheet", content: filters.node, foot: show, onClose: () => { aside.append(filters.node); state.sheet = null; filterButton.focus(); } });
  }

  function showLedger() {
    if (!session.token || state.ledger) return;
    state.ledger = openLedger(session.token, { onClose: () => { state.ledger = null; } });
  }

  function open(id, push) {
    const data = state.data;
    const itinerary = data?.itineraries.find((candidate) => candidate.id === id);
    if (!itinerary || state.details) return;
    const opener = document.activeElement;
    state.details = openDetails(itinerary, data, {
      travellers,
      onClose: () => {
        state.details = null;
        if (new URLSearchParams(location.search).has("open")) nav.closed(push);
        opener?.focus?.({ preventScroll: true });
      },
    });
    showAllOptions();
    if (push) tell({ open: id }, true);
  }

  // The list holds the cheapest options of an itinerary; the sheet shows all of them.
  async function showAllOptions() {
    const { details } = state;
    if (!details) return;
    const whole = await session.readItinerary(details.id).catch(() => null);
    if (whole && state.details === details) details.show(whole.itinerary, whole.data);
  }

  function openWanted() {
    if (!state.wanted) return;
    const id = state.wanted;
    if (state.data.itineraries.some((itinerary) => itinerary.id === id)) {
      state.wanted = null;
      open(id, false);
    }
  }

  async function resolveNames() {
    const ends = [...new Set(query.legs.flatMap((leg) => [leg.origin, leg.destination]).filter((end) => end.name === end.iata).map((end) => end.id))];
    if (!ends.length) return;
    const names = new Map(await Promise.all(ends.map(async (id) => [id, await placeOf(id)])));
    for (const leg of query.legs) {
      leg.origin = names.get(leg.origin.id) ?? leg.origin;
      leg.destination = names.get(leg.destination.id) ?? leg.destination;
    }
    summary.show();
  }

  return {
    node,
    title: summary.title,
    token: () => session.token,
    /** Follows back and forward between the list and an open itinerary. */
    restore(openId) {
      if (!openId) state.details?.close();
      else if (!state.details) open(openId, false);
    },
    close() {
      session.close();
      list.close();
      clearTimeout(state.timer);
      for (const sheet of [state.details, state.ledger, state.sheet]) sheet?.close();
    },
  };
}
