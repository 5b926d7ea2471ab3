// What every partner did for a search: who had flights, who had none, who failed and why, who was not
// asked and why. Nothing is left out; those not asked are folded by reason.

import { readPartners } from "../core/api.js";
import { fill, h, icon } from "../core/dom.js";
import { ago, count, seconds } from "../core/format.js";
import { has, t } from "../core/i18n.js";
import { openSheet } from "../core/sheet.js";

/** Opens the ledger of a search; `partner.name` names a partner. Answers { refresh, close }. */
export function openLedger(token, { onClose }) {
  const body = h("div", { class: "ledger" }, h("p", { class: "hint" }, t("ledger.loading")));
  const sheet = openSheet({ title: t("ledger.title"), kind: "side", content: body, onClose });
  let busy = false;

  async function refresh() {
    if (busy) return;
    busy = true;
    try {
      render(body, await readPartners(token));
    } catch (fault) {
      fill(body, h("p", { class: "note careful" }, icon("warn"), t(fault.code === "offline" ? "error.offline" : "ledger.unreadable")));
    } finally {
      busy = false;
    }
  }

  refresh();
  return { refresh, close: sheet.close };
}

function render(body, partners) {
  const open = new Set([...body.querySelectorAll("details[open]")].map((node) => node.dataset.reason));
  const asked = partners.filter(counts);
  const done = asked.filter((partner) => partner.ms !== null && !partner.fault);
  const parts = {
    failed: asked.filter((partner) => partner.fault),
    waiting: asked.filter((partner) => partner.ms === null && !partner.fault),
    offers: done.filter((partner) => partner.offers > 0).sort((a, b) => b.offers - a.offers),
    nothing: done.filter((partner) => partner.offers === 0),
  };
  const rest = partners.filter((partner) => !counts(partner));
  fill(body,
    h("p", { class: "hint" }, t("ledger.intro")),
    section("failed", parts.failed, (partner) => reason("fault", partner.fault)),
    section("waiting", parts.waiting, () => t("ledger.waiting_one")),
    section("offers", parts.offers, (partner) => told(partner, t("ledger.offers_n", { n: partner.offers }))),
    section("nothing", parts.nothing, (partner) => told(partner, t("ledger.nothing_one"))),
    rest.length > 0 && h("section", { class: "ledger-part" },
      h("h3", {}, t("ledger.not_asked"), h("span", { class: "ledger-count" }, count(rest.length))),
      grouped(rest).map(([code, list]) => h("details", { data: { reason: code }, open: open.has(code) },
        h("summary", {}, h("span", {}, reason("reason", code)), h("span", { class: "ledger-count" }, count(list.length))),
        h("p", { class: "ledger-names", translate: "no" }, list.map((partner) => partner.name).join(", "))))));
}

// A partner whose earlier answer was taken has its say like one that was asked.
function counts(partner) {
  return partner.asked || partner.seen_s !== null;
}

// Some partners are asked for one part of a self-transfer only; some had answered before.
function told(partner, words) {
  if (partner.seen_s !== null) return `${words} · ${t("seller.seen", { ago: ago(partner.seen_s) })}`;
  return partner.reason ? `${words} · ${reason("reason", partner.reason)}` : words;
}

function section(kind, list, say) {
  if (!list.length) return null;
  return h("section", { class: `ledger-part ledger-${kind}` },
    h("h3", {}, t(`ledger.${kind}`), h("span", { class: "ledger-count" }, count(list.length))),
    h("ul", {}, list.map((partner) => h("li", {},
      icon({ failed: "warn", waiting: "radar", offers: "done", nothing: "minus" }[kind]),
      h("span", { class: "ledger-id" }, h("bdi", { translate: "no" }, partner.name)),
      h("span", { class: "ledger-say" }, say(partner)),
      h("span", { class: "ledger-ms" }, partner.ms === null ? "" : h("bdi", {}, seconds(partner.ms)))))));
}

function grouped(list) {
  const groups = new Map();
  for (const partner of list) {
    const code = partner.reason ?? "unknown";
    if (!groups.has(code)) groups.set(code, []);
    groups.get(code).push(partner);
  }
  return [...groups].sort((a, b) => b[1].length - a[1].length);
}

/** A code of the server in words; a code without words stands as it is. */
function reason(kind, code) {
  const key = `${kind}.${String(code).replace(/^\w+:\s*/, "")}`;
  return has(key) ? t(key) : String(code);
}
