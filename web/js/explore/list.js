// The places with a price, cheapest first, each a link to the search of those days. This is the map in
// words: everything that can be done there can be done here.

import { fill, h } from "../core/dom.js";
import { ago, day, money } from "../core/format.js";
import { t } from "../core/i18n.js";

const STEP = 60;

/** Builds the list; `onHover(id)` tells which place is under the pointer or has the focus. */
export function placeList({ follow, onHover }) {
  const rows = h("ol", { class: "place-rows" });
  const more = h("button", { type: "button", class: "btn quiet", hidden: true, on: { click: showMore } }, t("list.more"));
  const node = h("div", { class: "place-list" }, rows, h("div", { class: "more-slot" }, more));
  const state = { places: [], answer: null, shown: 0 };

  /** Shows places, each with `quote` and `href`. */
  function show(places, answer) {
    Object.assign(state, { places, answer, shown: 0 });
    fill(rows);
    add();
  }

  function add() {
    const next = state.places.slice(state.shown, state.shown + STEP).map(row);
    rows.append(...next);
    state.shown += next.length;
    more.hidden = state.shown >= state.places.length;
    return next[0];
  }

  function showMore() {
    add()?.querySelector("a").focus();
  }

  function row({ id, name, country, quote, href }) {
    const { currency, decimals } = state.answer;
    const days = [quote.departs, quote.returns].filter(Boolean).map(day).join(" – ");
    const over = () => onHover(id);
    const out = () => onHover(null);
    return h("li", {}, h("a", { class: "place-row", href, data: { id, price: String(quote.price) }, on: { click: follow, pointerenter: over, focus: over, pointerleave: out, blur: out } },
      h("span", { class: "place-what" }, h("b", {}, h("bdi", {}, name)), " ", h("span", { class: "place-where" }, country)),
      h("span", { class: "place-price" }, h("bdi", {}, money(quote.price, currency, decimals))), " ",
      h("span", { class: "place-when" }, days), " ",
      h("span", { class: "place-how" }, [quote.direct && t("stops.direct"), t("explore.seen", { ago: ago(quote.seen_s) })].filter(Boolean).join(" · "))));
  }

  return { node, show };
}
