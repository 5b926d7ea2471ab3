// The list of cards. It grows without jumping: while the reader is down in the list, has the focus in
// it, or has just moved the pointer over it, newer results wait behind a button that says how many.

import { fill, h, icon } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { card } from "./card.js";

const POINTER_REST_MS = 1_800;
const SKELETONS = 5;
const REREAD_MAX = 100;

/** Builds the list. `travellers` is the number of people, `onOpen(id)` shows details. */
export function resultList({ travellers, onOpen, onMore, onApplied }) {
  const state = { shown: null, leads: {}, pending: null, pointerAt: -Infinity, retry: 0, cards: new Map() };
  const pill = h("button", { type: "button", class: "pill", hidden: true, on: { click: () => { apply(true); } } });
  const pillSlot = h("div", { class: "pill-slot" }, pill);
  const rows = h("ol", { class: "cards", "aria-busy": "true" });
  const more = h("button", { type: "button", class: "btn quiet more", hidden: true, on: { click: loadMore } }, t("list.more"));
  const node = h("div", { class: "list" }, pillSlot, rows, h("div", { class: "more-slot" }, more));

  skeletons();
  node.addEventListener("pointermove", () => { state.pointerAt = performance.now(); });
  const onScroll = () => { if (state.pending && !held()) apply(false); };
  addEventListener("scroll", onScroll, { passive: true });

  function skeletons() {
    fill(rows, Array.from({ length: SKELETONS }, () => h("li", { class: "skeleton", "aria-hidden": "true" }, h("div", { class: "bone wide" }), h("div", { class: "bone" }), h("div", { class: "bone short" }))));
  }

  function held() {
    if (!state.shown?.itineraries.length) return false;
    // A page read again holds at most 100 rows: a longer list is never cut under the reader.
    if (state.shown.itineraries.length > REREAD_MAX) return true;
    const top = rows.getBoundingClientRect().top;
    return top < 40 || rows.contains(document.activeElement) || performance.now() - state.pointerAt < POINTER_REST_MS;
  }

  /** Takes a page. What the reader asked for is shown at once; growth may have to wait. */
  function offer(data, leads, reason) {
    if (reason === "user" || !held() || same(data)) {
      state.pending = null;
      show(data, leads);
      return;
    }
    state.pending = { data, leads };
    refreshPrices(data);
    const fresh = Math.max(0, data.matched - state.shown.matched);
    fill(pill, icon("up"), fresh ? t("list.fresh", { n: fresh }) : t("list.changed"));
    pill.hidden = false;
    later();
  }

  function later() {
    clearTimeout(state.retry);
    state.retry = setTimeout(() => {
      if (!state.pending) return;
      if (held()) later();
      else apply(false);
    }, POINTER_REST_MS);
  }

  function same(data) {
    const old = state.shown?.itineraries ?? [];
    return old.length === data.itineraries.length && old.every((itinerary, index) => itinerary.id === data.itineraries[index].id);
  }

  // Cards already on screen take better prices in place: nothing moves.
  function refreshPrices(data) {
    const newer = new Map(data.itineraries.map((itinerary) => [itinerary.id, itinerary]));
    for (const id of state.cards.keys()) {
      const itinerary = newer.get(id);
      if (itinerary) place(itinerary, data, state.leads);
    }
  }

  function apply(scroll) {
    if (!state.pending) return;
    const { data, leads } = state.pending;
    state.pending = null;
    const focused = rows.contains(document.activeElement) || document.activeElement === pill;
    show(data, leads);
    if (scroll) {
      node.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
      if (focused) rows.querySelector("button")?.focus({ preventScroll: true });
    }
  }

  function place(itinerary, data, leads) {
    const tags = Object.keys(leads).filter((sort) => leads[sort]?.id === itinerary.id);
    const print = JSON.stringify([itinerary, tags, travellers]);
    const known = state.cards.get(itinerary.id);
    if (known?.print === print) return known.item;
    const body = card(itinerary, data, { tags, travellers, onOpen });
    if (known) {
      const focused = known.item.contains(document.activeElement);
      fill(known.item, body);
      if (focused) known.item.querySelector(".card-open").focus({ preventScroll: true });
      known.print = print;
      return known.item;
    }
    const item = h("li", { class: "card-slot" }, body);
    state.cards.set(itinerary.id, { item, print });
    return item;
  }

  function show(data, leads) {
    state.shown = data;
    state.leads = leads;
    pill.hidden = true;
    const items = data.itineraries.map((itinerary) => place(itinerary, data, leads));
    const wanted = new Set(items);
    for (const [id, { item }] of state.cards) if (!wanted.has(item)) state.cards.delete(id);
    for (const child of [...rows.children]) if (!wanted.has(child)) child.remove();
    items.forEach((item, index) => { if (rows.children[index] !== item) rows.insertBefore(item, rows.children[index] ?? null); });
    more.hidden = !data.cursor;
    onApplied(data);
  }

  async function loadMore() {
    more.disabled = true;
    more.classList.add("busy");
    const first = state.shown.itineraries.length;
    try {
      const next = await onMore(state.shown);
      if (next) {
        show(next, state.leads);
        rows.children[first]?.querySelector(".card-open")?.focus({ preventScroll: true });
      }
    } finally {
      more.disabled = false;
      more.classList.remove("busy");
    }
  }

  return {
    node, offer,
    shown: () => state.shown,
    waiting: () => state.shown === null,
    idle: (busy) => rows.setAttribute("aria-busy", String(busy)),
    empty: () => { fill(rows); state.cards.clear(); more.hidden = true; pill.hidden = true; },
    close: () => { removeEventListener("scroll", onScroll); clearTimeout(state.retry); },
    skeletons,
  };
}
