// "Cheaper on other days?" on the page of results: two buttons that open a calendar of prices and, for a
// return trip, a grid over departure day and length of stay; below, whether the trip's price is a good
// one. In: the query. Out: `onDays(out, back)`.
// Many-legged trips have no such prices.

import { fill, h, icon } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { dayPanel } from "./day_panel.js";
import { outlook } from "./outlook.js";
import { stayGrid } from "./stay_grid.js";

const PANELS = { days: { build: dayPanel, icon: "calendar" }, stays: { build: stayGrid, icon: "bars" } };
/** What stands open stays open when a day is picked and its search replaces the page. */
let open = null;

/** Builds the section, or null where it has nothing to say. */
export function otherDays(query, onDays) {
  if (query.trip === "multi") return null;
  const names = query.trip === "return" ? ["days", "stays"] : ["days"];
  const holder = h("div", { class: "other-panel", id: "other-days", hidden: true });
  const buttons = names.map((name) => h("button", { type: "button", class: "btn quiet other-open", data: { panel: name }, "aria-expanded": "false", "aria-controls": "other-days", on: { click: () => { open = open === name ? null : name; render(); } } },
    icon(PANELS[name].icon), h("span", {}, t(`other.${name}`))));
  const node = h("section", { class: "other", "aria-label": t("other.title") }, h("div", { class: "other-bar" }, h("span", { class: "other-title" }, t("other.title")), buttons), holder);
  const judged = outlook(query);
  node.append(judged.node);
  let panel = null;

  function render() {
    const shown = names.includes(open) ? open : null;
    for (const button of buttons) button.setAttribute("aria-expanded", String(button.dataset.panel === shown));
    holder.hidden = !shown;
    panel = shown && PANELS[shown].build(query, { onDays, onClose: close });
    fill(holder, panel?.node);
    panel?.show();
  }

  function close() {
    const button = buttons.find(({ dataset }) => dataset.panel === open);
    open = null;
    render();
    button?.focus();
  }

  function refresh() {
    panel?.show();
    judged.show();
  }

  render();
  judged.show();
  return { node, refresh };
}
