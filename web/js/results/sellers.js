// Who sells an itinerary. Every price says whom it is from, what it includes, and what the seller itself
// quoted when that was in another currency. A combination nobody sells as one is shown as its parts.

import { h, icon, srOnly } from "../core/dom.js";
import { quotedMoney } from "../core/format.js";
import { t } from "../core/i18n.js";
import { priceTag, priceText } from "./price.js";

/** The list of sellers of an itinerary. */
export function sellers(itinerary, data, travellers) {
  const { options } = itinerary;
  return [
    h("h3", { class: "offers-title" }, itinerary.self_transfer ? t("seller.title_parts") : t("seller.title", { n: options.length })),
    h("p", { class: "hint" }, t("card.total_for", { n: travellers })),
    itinerary.self_transfer && h("p", { class: "note careful" }, icon("warn"), h("span", {}, t("warn.self_transfer_long"))),
    options.length
      ? h("ul", { class: "seller-list" }, options.map((option) => row(option, data)))
      : h("p", { class: "hint" }, t("seller.none")),
    h("p", { class: "hint" }, t("seller.promise")),
  ];
}

function row(option, data) {
  const parts = option.parts?.length ? option.parts : null;
  return h("li", { class: `seller${parts ? " combined" : ""}` },
    h("div", { class: "seller-who" },
      h("span", { class: "seller-name" }, parts ? t("seller.combination") : option.name),
      !parts && h("span", { class: "seller-kind" }, t(`kind.${option.kind === "airline" ? "airline" : "travel_agent"}`)),
      h("ul", { class: "seller-facts" },
        option.transfer === "protected_self_transfer" && h("li", { class: "brand" }, t("seller.protected")),
        option.transfer === "self_transfer" && !parts && h("li", { class: "brand" }, t("warn.self_transfer")),
        option.brand && h("li", { class: "brand" }, option.brand),
        !parts && bag("cabin", option.cabin_bags),
        !parts && bag("checked", option.checked_bags))),
    h("div", { class: "seller-price" },
      option.price === null ? h("span", { class: "unpriced" }, t("card.unpriced")) : priceTag(option.price, data, "price small"),
      quote(option, data),
      !parts && go(option)),
    parts && h("ol", { class: "parts" }, parts.map((part, index) => partRow(part, index, data))));
}

function partRow(part, index, data) {
  return h("li", { class: "part" },
    h("div", { class: "seller-who" }, h("span", { class: "seller-name" }, t("seller.part", { n: index + 1, who: part.name ?? part.agent ?? "" })), partEnds(part)),
    h("div", { class: "seller-price" }, typeof part.price === "number" && h("bdi", {}, priceText(part.price, data)), quote(part, data)),
    go(part));
}

function partEnds(part) {
  if (!part.origin || !part.destination) return null;
  return h("span", { class: "seller-kind" }, h("bdi", { translate: "no" }, `${part.origin} → ${part.destination}`));
}

// The seller's own figure, when it is not in the currency on screen.
function quote({ quoted }, data) {
  if (!quoted || quoted.currency === data.currency) return null;
  return h("span", { class: "quoted" }, t("seller.quoted", { amount: quotedMoney(quoted) }));
}

function bag(kind, number) {
  const known = number !== null && number !== undefined;
  const key = !known ? "unknown" : number === 0 ? "no" : "yes";
  return h("li", { class: `bag bag-${key}` }, icon(kind === "cabin" ? "bag-cabin" : "bag-checked"), t(`bag.${kind}_${key}`, { n: number ?? 0 }));
}

function go(option) {
  if (!option.link) return null;
  return h("a", { class: "btn seller-go", href: option.link, target: "_blank", rel: "noopener" }, t("seller.go_short"), srOnly(t("seller.go", { who: option.name ?? option.agent ?? "" })), icon("out"));
}
