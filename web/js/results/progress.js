// How far the search is: a bar over partners, the count of flights, the best price so far, and the way
// to the ledger that says who answered.

import { announce } from "../core/announce.js";
import { fill, h, icon } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { priceText } from "./price.js";

/** Builds the strip. `onLedger()` opens the ledger. */
export function progressStrip({ onLedger }) {
  const done = h("span", { class: "bar-done" });
  const failed = h("span", { class: "bar-failed" });
  const bar = h("div", { class: "bar", role: "progressbar", "aria-label": t("progress.label"), "aria-valuemin": "0" }, done, failed);
  const words = h("p", { class: "progress-words" });
  const facts = h("p", { class: "progress-facts" });
  const ledger = h("button", { type: "button", class: "link", on: { click: onLedger } }, t("progress.ledger"));
  const node = h("section", { class: "progress", "aria-label": t("progress.label") }, h("div", { class: "progress-text" }, words, facts, ledger), bar);

  /** Shows how far it is. `data` gives currency and decimals once a page was read. */
  function show({ status, partners, total, best_price: best }, data) {
    const { asked, answered, failed: lost } = partners;
    const over = answered + lost;
    const live = status === "incomplete";
    Object.assign(node.dataset, { status, total: String(total ?? 0) });
    node.classList.toggle("live", live);
    node.classList.toggle("has-failed", lost > 0);
    ledger.textContent = lost ? t("progress.failed_why", { n: lost }) : t("progress.ledger");
    bar.setAttribute("aria-valuemax", String(Math.max(asked, 1)));
    bar.setAttribute("aria-valuenow", String(over));
    bar.setAttribute("aria-valuetext", t("progress.spoken", { done: over, asked }));
    done.style.inlineSize = `${asked ? (answered / asked) * 100 : 0}%`;
    failed.style.inlineSize = `${asked ? (lost / asked) * 100 : 0}%`;
    fill(words, icon(live ? "radar" : lost ? "warn" : "done", live ? "spin" : ""), " ", sentence(live, asked, answered, lost));
    const found = [t("progress.flights", { n: total ?? 0 })];
    if (best !== null && best !== undefined && data) found.push(t("progress.from", { price: priceText(best, data) }));
    facts.textContent = found.join(" · ");
    announce(live ? `${t("progress.spoken", { done: over, asked })}. ${facts.textContent}` : `${t("progress.over")}. ${facts.textContent}`);
  }

  return { node, show };
}

function sentence(live, asked, answered, lost) {
  if (!asked) return t(live ? "progress.starting" : "progress.none_asked");
  if (live) return lost ? t("progress.live_failed", { answered, n: asked, failed: lost }) : t("progress.live", { answered, n: asked });
  return lost ? t("progress.done_failed", { answered, n: asked, failed: lost }) : t("progress.done", { n: asked });
}
