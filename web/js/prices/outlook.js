// "Low, typical or high for this trip?": a line with the quantiles it was judged by. Says nothing while
// too few searches stand behind it.

import { fill, h, icon } from "../core/dom.js";
import { count, money } from "../core/format.js";
import { t } from "../core/i18n.js";
import { pricesOf } from "./memory.js";

/** Builds the line; `show` asks anew. */
export function outlook(query) {
  const [{ origin, destination, date }] = query.legs;
  const node = h("p", { class: "outlook", hidden: true });

  async function show() {
    const trip = { origin: origin.id, destination: destination.id, out: date, back: query.trip === "return" ? query.returnDate : null };
    const answer = await pricesOf("history", trip).catch(() => null);
    const found = answer?.outlook;
    node.hidden = !found || found.verdict === "unknown";
    if (node.hidden) return;
    const show = (minor) => money(minor, answer.currency, answer.decimals);
    node.dataset.verdict = found.verdict;
    fill(node, icon({ low: "done", typical: "minus", high: "warn" }[found.verdict]),
      h("strong", {}, t(`outlook.${found.verdict}`, { price: show(found.price) })), " ",
      h("span", {}, t("outlook.range", { low: show(found.low), high: show(found.high), n: found.searches, count: count(found.searches) })));
  }

  return { node, show };
}
