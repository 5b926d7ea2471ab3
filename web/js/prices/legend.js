// What the marks of prices mean, and what is said where there are none. Marks are dots as well as
// colours, so that nobody needs to tell colours apart.

import { fill, h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { settings } from "../core/settings.js";

const LEVELS = ["low", "mid", "high"];

/** A line below a calendar or grid; `show({ seen, direct, failed })` says what is there. */
export function legend() {
  const node = h("div", { class: "legend" });

  function show({ seen, direct = false, failed = false }) {
    if (failed) fill(node, h("p", {}, t("prices.unreadable")));
    else if (!seen) fill(node, h("p", {}, h("b", {}, t("prices.none")), " ", t("prices.none_why")));
    else {
      fill(node,
        h("ul", { class: "legend-levels" }, LEVELS.map((level) => h("li", { data: { level } }, h("span", { class: "level-dots", "aria-hidden": "true" }), t(`prices.${level}`)))),
        h("p", {}, t(direct ? "prices.about_direct" : "prices.about", { currency: settings.currency })));
    }
  }

  return { node, show };
}
