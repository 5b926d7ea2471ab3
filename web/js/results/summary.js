// The search on top of its results: route, days, travellers, cabin, and the form to change it.

import { fill, h, icon } from "../core/dom.js";
import { day } from "../core/format.js";
import { t } from "../core/i18n.js";
import { travellerCount } from "../core/query.js";
import { searchForm } from "../form/form.js";

/** Builds the summary of `query`; `onSearch(query, form)` runs a changed search. */
export function searchSummary(query, onSearch) {
  const title = h("h1", { class: "sum-title", tabindex: "-1" });
  const facts = h("p", { class: "sum-facts" });
  const holder = h("div", { class: "sum-form", id: "edit-form", hidden: true });
  const edit = h("button", { type: "button", class: "btn quiet sum-edit", "aria-expanded": "false", "aria-controls": "edit-form", on: { click: () => toggle(holder.hidden) } });
  const node = h("section", { class: "summary", "aria-label": t("summary.label") }, h("div", { class: "sum-row wrap" }, h("div", {}, title, facts), edit), holder);
  let form = null;

  function toggle(open) {
    if (open) {
      // A copy: what is changed and not searched for leaves the search on screen alone.
      form = searchForm(structuredClone(query), (changed) => onSearch(changed, form));
      fill(holder, h("div", { class: "wrap" }, form.node));
    }
    holder.hidden = !open;
    edit.setAttribute("aria-expanded", String(open));
    fill(edit, icon(open ? "close" : "edit"), h("span", {}, t(open ? "summary.close" : "summary.edit")));
    if (open) form.node.querySelector("input[role=combobox]")?.focus({ preventScroll: true });
  }

  function show() {
    fill(title, routeParts(query));
    const days = query.trip === "return" ? [query.legs[0].date, query.returnDate] : query.legs.map((leg) => leg.date);
    fill(facts, [days.map(day).join(" – "), t("who.travellers_n", { n: travellerCount(query) }), t(`cabin.${query.cabin}`), query.nearby && t("form.nearby")].filter(Boolean).map((text) => h("span", {}, text)));
    document.title = `${routeText(query)} · Fareway`;
  }

  toggle(false);
  show();
  return { node, show, title, refuse(fault) { if (holder.hidden) toggle(true); form.refuse(fault); } };
}

function routeParts(query) {
  return stations(query).flatMap((name, index) => [
    index > 0 && icon(query.trip === "return" ? "both" : "forward", "sum-arrow flip"),
    h("bdi", {}, name),
  ]);
}

/** The route as text. */
export function routeText(query) {
  return stations(query).join(query.trip === "return" ? " ⇄ " : " → ");
}

function stations(query) {
  if (query.trip !== "multi") return [query.legs[0].origin.name, query.legs[0].destination.name];
  const names = [];
  for (const leg of query.legs) {
    if (names.at(-1) !== leg.origin.name) names.push(leg.origin.name);
    names.push(leg.destination.name);
  }
  return names;
}
