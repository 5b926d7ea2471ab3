// Best, cheapest, fastest: three buttons, each with the price and duration of the flight that leads it.

import { fill, h, icon } from "../core/dom.js";
import { duration } from "../core/format.js";
import { t } from "../core/i18n.js";
import { SORTS } from "../core/filters.js";
import { priceText } from "./price.js";

/** Builds the row of sorts. */
export function sortTabs({ sort, onSort }) {
  const buttons = new Map(SORTS.map((name) => {
    const facts = h("span", { class: "sort-facts" }, "–");
    const button = h("button", { type: "button", class: "sort", "aria-pressed": String(name === sort), data: { sort: name }, title: t(`sort.${name}_hint`), on: { click: () => onSort(name) } },
      h("span", { class: "sort-name" }, icon(`sort-${name}`), t(`sort.${name}`)), facts);
    return [name, { button, facts }];
  }));
  const node = h("div", { class: "sorts", role: "group", "aria-label": t("sort.label") }, [...buttons.values()].map(({ button }) => button));

  return {
    node,
    /** Shows which sort is on and what leads each. */
    show(current, leads, data) {
      for (const [name, { button, facts }] of buttons) {
        button.setAttribute("aria-pressed", String(name === current));
        const lead = leads[name];
        const price = lead && lead.price !== null ? h("b", {}, h("bdi", {}, priceText(lead.price, data))) : null;
        fill(facts, lead ? [price, h("span", {}, duration(lead.duration_minutes))] : "–");
      }
    },
  };
}
