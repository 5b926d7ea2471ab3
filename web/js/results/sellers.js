// Who sells an itinerary. Every seller stands once, with its cheapest fare and the others folded beneath.
// Every fare says what it includes, and what the seller itself quoted when that was in another currency.
// A combination that nobody sells as one is shown as its parts, each with its own seller and price.

import { h, icon, srOnly } from "../core/dom.js";
import { ago, quotedMoney } from "../core/format.js";
import { t } from "../core/i18n.js";
import { sellersOf } from "./facts.js";
import { priceTag, priceText } from "./price.js";

/** The list of sellers of an itinerary. */
export function sellers(itinerary, data, travellers) {
  const offers = offersOf(itinerary.options);
  const apart = offers.length > 0 && offers.every(({ parts }) => parts);
  return [
    h("h3", { class: "offers-title" }, apart ? t("seller.title_parts") : t("seller.title", { n: sellersOf(itinerary) })),
    h("p", { class: "hint" }, t("card.total_for", { n: travellers })),
    itinerary.self_transfer && h("p", { class: "note careful" }, icon("warn"), h("span", {}, t("warn.self_transfer_long"))),
    offers.length
      ? h("ul", { class: "seller-list" }, offers.map((offer) => (offer.parts ? combination(offer, data) : seller(offer, data))))
      : h("p", { class: "hint" }, t("seller.none")),
    h("p", { class: "hint" }, t("seller.promise")),
  ];
}

/** Options by seller, cheapest seller first; combinations stand alone. */
function offersOf(options) {
  const offers = [];
  const byAgent = new Map();
  for (const option of options) {
    if (option.parts?.length) {
      offers.push({ parts: option.parts, option });
    } else if (byAgent.has(option.agent)) {
      byAgent.get(option.agent).fares.push(option);
    } else {
      const offer = { name: option.name, kind: option.kind, fares: [option] };
      byAgent.set(option.agent, offer);
      offers.push(offer);
    }
  }
  return offers;
}

function seller({ name, kind, fares }, data) {
  const [first, ...others] = fares;
  return h("li", { class: "seller" },
    h("div", { class: "fare" },
      h("div", { class: "seller-who" },
        h("span", { class: "seller-name" }, name),
        h("span", { class: "seller-kind" }, t(`kind.${kind === "airline" ? "airline" : "travel_agent"}`)),
        facts(first)),
      price(first, data, go(first))),
    others.length > 0 && h("details", { class: "more-fares" },
      h("summary", {}, h("span", {}, others[0].price === null ? t("seller.fares", { n: others.length }) : t("seller.more_fares", { n: others.length, price: priceText(others[0].price, data) })), icon("chevron")),
      h("ul", {}, others.map((fare) => h("li", { class: "fare" }, facts(fare), price(fare, data, go(fare)))))));
}

function combination({ parts, option }, data) {
  return h("li", { class: "seller combined" },
    h("div", { class: "fare" },
      h("div", { class: "seller-who" }, h("span", { class: "seller-name" }, t("seller.combination", { n: parts.length })), h("span", { class: "seller-kind" }, t("seller.combination_text"))),
      price(option, data)),
    h("ol", { class: "parts" }, parts.map((part, index) => h("li", { class: "part" },
      h("div", { class: "seller-who" },
        h("span", { class: "seller-name" }, t("seller.part", { n: index + 1, who: part.name ?? part.agent ?? "" })),
        h("span", { class: "seller-kind" }, part.legs.map((leg, at) => [at > 0 && ", ", h("bdi", { translate: "no" }, `${leg.origin} → ${leg.destination}`)])),
        facts(part)),
      h("div", { class: "seller-price" }, typeof part.price === "number" && h("bdi", {}, priceText(part.price, data)), quote(part, data)),
      go(part)))));
}

function price(option, data, action = null) {
  return h("div", { class: "seller-price" },
    option.price === null ? h("span", { class: "unpriced" }, t("card.unpriced")) : priceTag(option.price, data, "price small"),
    quote(option, data), action);
}

// The seller's own figure, when it is not in the currency on screen.
function quote({ quoted }, data) {
  if (!quoted || quoted.currency === data.currency) return null;
  return h("span", { class: "quoted" }, t("seller.quoted", { amount: quotedMoney(quoted) }));
}

function facts(option) {
  return h("ul", { class: "seller-facts" },
    option.transfer === "protected_self_transfer" && h("li", { class: "brand" }, t("seller.protected")),
    option.transfer === "self_transfer" && h("li", { class: "brand" }, t("warn.self_transfer")),
    option.brand && h("li", { class: "brand" }, option.brand),
    bag("cabin", option.cabin_bags),
    bag("checked", option.checked_bags),
    typeof option.seen_s === "number" && h("li", { class: "seen" }, t("seller.seen", { ago: ago(option.seen_s) })));
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
