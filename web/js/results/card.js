// One itinerary of the list: legs, warnings, lead price and how many sell it.

import { h, icon } from "../core/dom.js";
import { time, duration } from "../core/format.js";
import { t } from "../core/i18n.js";
import { carriersOf, sellersOf, warningsOf } from "./facts.js";
import { carrierName, cityName } from "./names.js";
import { priceTag, priceText } from "./price.js";
import { legRow } from "./timeline.js";

/**
 * A card. `tags` are the sorts this itinerary leads; `travellers` is how many the price is for;
 * `onOpen(id)` shows its details.
 */
export function card(itinerary, data, { tags, travellers, onOpen }) {
  const title = `card-${itinerary.id}`;
  const lead = itinerary.options[0];
  return h("article", { class: "card", "aria-labelledby": title, data: { price: itinerary.price ?? "", duration: itinerary.duration_minutes, stops: itinerary.stops, id: itinerary.id }, on: { click: (event) => { if (!event.target.closest("a, button") && !String(getSelection())) onOpen(itinerary.id); } } },
    h("h3", { class: "sr-only", id: title }, spoken(itinerary, data)),
    h("div", { class: "card-main" },
      tags.length > 0 && h("div", { class: "tags" }, tags.map((tag) => h("span", { class: `tag tag-${tag}` }, icon(`sort-${tag}`), t(`tag.${tag}`)))),
      h("div", { class: "legs-list" }, itinerary.legs.map((leg) => legRow(leg, data))),
      warnings(itinerary, data)),
    h("div", { class: "card-side" },
      itinerary.price === null
        ? h("p", { class: "unpriced" }, t("card.unpriced"))
        : h("p", { class: "card-price" }, priceTag(itinerary.price, data)),
      h("p", { class: "card-for" }, t("card.total_for", { n: travellers })),
      lead && h("p", { class: "card-lead" }, lead.parts?.length ? t("card.separate", { n: lead.parts.length }) : t("card.lead", { agent: lead.name })),
      h("button", { type: "button", class: "btn primary card-open", data: { open: itinerary.id }, "aria-describedby": title, on: { click: () => onOpen(itinerary.id) } },
        t("card.sellers", { n: sellersOf(itinerary) }), icon("forward", "flip"))));
}

function spoken(itinerary, data) {
  const who = carriersOf(itinerary.legs).map((code) => carrierName(data, code)).join(", ");
  const [out] = itinerary.legs;
  const price = itinerary.price === null ? t("card.unpriced") : priceText(itinerary.price, data);
  return [who, `${time(out.departs)}–${time(out.arrives)}`, duration(itinerary.duration_minutes), price].join(", ");
}

/** Warnings as chips. */
export function warnings(itinerary, data) {
  const found = warningsOf(itinerary);
  if (!found.length) return null;
  return h("ul", { class: "chips" }, found.map(({ kind, airport, onward }) =>
    h("li", { class: `chip chip-${kind}` }, icon(`warn-${kind}`), t(`warn.${kind}`, { city: airport ? cityName(data, airport) : "", from: airport, to: onward }))));
}
