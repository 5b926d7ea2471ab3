// "Where can I go?": a map and a list of the places with a price seen lately from one start. Picking a
// place searches those days live. In: the address. Out: `nav` calls that keep the address in step.

import { announce } from "../core/announce.js";
import { fill, h } from "../core/dom.js";
import { money, shortMoney } from "../core/format.js";
import { t } from "../core/i18n.js";
import { placeOf } from "../core/places.js";
import { emptyQuery, toParams } from "../core/query.js";
import { settings } from "../core/settings.js";
import { pricesOf, quoteOf } from "../prices/memory.js";
import { faultNotice, notice } from "../results/states.js";
import { exploreControls } from "./controls.js";
import { placeList } from "./list.js";
import { exploreMap } from "./map.js";
import { likelyStart, readWish, writeWish } from "./wish.js";

/** Builds the page. */
export function explorePage(params, nav) {
  const wish = readWish(params);
  wish.from ??= likelyStart();
  const state = { turn: 0, start: null, answer: null, places: [], closed: false };
  const title = h("h1", { class: "explore-title", tabindex: "-1" }, t("explore.title"));
  const controls = exploreControls(wish, { onAsk: ask, onNarrow: () => { nav.exploring(writeWish(wish)); narrow(false); } });
  const map = exploreMap({ onPick: (place) => nav.open(place.href) });
  const list = placeList({ follow: nav.follow, onHover: map.highlight });
  const told = h("p", { class: "explore-told" });
  const place = h("div", { class: "explore-places" });
  const node = h("div", { class: "explore" },
    h("section", { class: "explore-head" }, h("div", { class: "wrap" }, title, h("p", { class: "explore-text" }, t("explore.text")), controls.node)),
    h("div", { class: "wrap explore-body" }, map.node, h("section", { class: "explore-side", "aria-label": t("explore.places") }, told, place)));
  document.title = t("explore.page_title");
  ask();

  async function ask() {
    state.turn += 1;
    const own = state.turn;
    nav.exploring(writeWish(wish));
    if (!wish.from) {
      say(notice({ kind: "empty", title: t("explore.start"), text: t("explore.start_text") }));
      return;
    }
    try {
      const [start, answer] = await Promise.all([placeOf(wish.from), pricesOf("explore", { origin: wish.from, out: wish.month, back: wish.trip === "return" ? "any" : null, by: "city" })]);
      if (own !== state.turn || state.closed) return;
      controls.setStart(start);
      take(start, answer);
    } catch (fault) {
      if (own !== state.turn || state.closed) return;
      if (fault.name !== "ApiError") throw fault;
      say(faultNotice(fault, { onAgain: ask, onRetry: ask, onHome: () => nav.home() }));
    }
  }

  function take(start, answer) {
    Object.assign(state, { start, answer });
    state.places = answer.places.map((entry) => ({ ...entry, quote: quoteOf(entry, wish.direct) })).filter(({ quote }) => quote)
      .sort((one, two) => one.quote.price - two.quote.price).map(dressed);
    if (!state.places.length) {
      const anything = answer.places.length > 0 || wish.month !== "any" || wish.direct;
      controls.setPrices([], answer);
      say(notice({ kind: "empty", title: t("explore.none", { place: start.name }), text: `${t("prices.none_why")} ${anything ? t("explore.none_narrow") : ""}`.trim(), actions: [{ label: t("state.new"), primary: true, run: () => nav.home() }] }));
      return;
    }
    controls.setPrices(state.places.map(({ quote }) => quote.price), answer);
    narrow(true);
  }

  /** A place with its words and the address of its search. */
  function dressed(entry) {
    const { currency, decimals } = state.answer;
    const { price, departs, returns } = entry.quote;
    const query = emptyQuery();
    query.trip = returns ? "return" : "oneway";
    query.legs = [{ origin: { id: wish.from }, destination: { id: entry.id }, date: departs }];
    query.returnDate = returns;
    query.direct = wish.direct;
    return {
      ...entry,
      href: `/search?${toParams(query, settings)}`,
      label: shortMoney(price, currency, decimals),
      title: `${entry.name}, ${money(price, currency, decimals)}`,
    };
  }

  function narrow(refit) {
    const shown = state.places.filter(({ quote }) => wish.max === null || quote.price <= wish.max);
    const words = t("explore.found", { n: shown.length, place: state.start.name });
    const partly = state.answer.missing_cells?.length > 0 ? [" ", h("span", {}, t("prices.partly"))] : [];
    fill(told, words, " ", h("span", {}, t("prices.about", { currency: state.answer.currency })), ...partly);
    announce(words);
    if (shown.length) fill(place, list.node);
    else fill(place, notice({ kind: "filtered", title: t("explore.over"), text: t("explore.over_text") }));
    list.show(shown, state.answer);
    map.show(shown, state.answer.origin ?? null, refit);
  }

  function say(notice) {
    state.places = [];
    fill(told);
    fill(place, notice);
    map.show([], null, true);
  }

  return {
    node, title, restore() {}, token: () => null,
    close() {
      state.closed = true;
      map.close();
    },
  };
}
