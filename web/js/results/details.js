// Everything about one itinerary: flights and waits hour by hour, and every seller with price, bags and
// the price as the seller quoted it. Shown in a sheet; sellers that answer later are added to it.

import { fill, h, icon } from "../core/dom.js";
import { daysBetween, duration, longDay, time } from "../core/format.js";
import { t } from "../core/i18n.js";
import { layovers, sellersOf } from "./facts.js";
import { airportName, carrierBadge, carrierName, cityName } from "./names.js";
import { priceText } from "./price.js";
import { sellers } from "./sellers.js";
import { dayMark } from "./timeline.js";
import { warnings } from "./card.js";
import { openSheet } from "../core/sheet.js";

/** Opens the sheet of an itinerary. Answers { show(itinerary, data), close, id }. */
export function openDetails(itinerary, data, { travellers, onClose }) {
  const offers = h("div", { class: "offers" });
  const flights = h("div", { class: "flights" });
  const foot = h("div", { class: "sheet-lead" });
  let print = "";
  const sheet = openSheet({ title: headline(itinerary, data), kind: "details", content: h("div", { class: "details-grid" }, flights, offers), foot, onClose });

  function show(next, from) {
    const now = JSON.stringify(next);
    if (now === print) return;
    // A reader who is inside the list of sellers keeps it as it is until the next opening.
    if (print && offers.contains(document.activeElement)) return;
    print = now;
    fill(flights, warnings(next, from), next.legs.map((leg, index) => legBlock(leg, index, next, from)), h("p", { class: "hint" }, t("details.local_times")));
    fill(offers, sellers(next, from, travellers));
    fill(foot, lead(next, from, () => offers.scrollIntoView({ block: "start" })));
  }

  show(itinerary, data);
  return { show, close: sheet.close, id: itinerary.id };
}

function headline(itinerary, data) {
  const first = itinerary.legs[0];
  return t("details.title", { from: cityName(data, first.origin), to: cityName(data, itinerary.legs.length === 2 && itinerary.legs[1].destination === first.origin ? first.destination : itinerary.legs.at(-1).destination) });
}

function lead(itinerary, data, onSellers) {
  const option = itinerary.options[0];
  if (!option || option.price === null || !option.link) return null;
  return [
    h("span", { class: "sheet-lead-text" }, h("b", {}, h("bdi", {}, priceText(option.price, data))),
      h("span", {}, option.name, sellersOf(itinerary) > 1 && [" · ", h("button", { type: "button", class: "link", on: { click: onSellers } }, t("seller.title", { n: sellersOf(itinerary) }))])),
    h("a", { class: "btn primary", href: option.link, target: "_blank", rel: "noopener" }, t("seller.go_short"), icon("out")),
  ];
}

function legBlock(leg, index, itinerary, data) {
  const waits = layovers(leg);
  const title = itinerary.legs.length === 1 ? t("details.flight") : t("details.leg", { n: index + 1 });
  return h("section", { class: "leg-block" },
    h("h3", {}, h("span", { class: "leg-no" }, title), " ", h("bdi", {}, cityName(data, leg.origin)), icon("forward", "leg-arrow flip"), h("bdi", {}, cityName(data, leg.destination))),
    h("p", { class: "leg-sum" }, [longDay(leg.departs), duration(leg.duration_minutes), waits.length ? t("stops.count", { n: waits.length }) : t("stops.direct")].join(" · ")),
    h("ol", { class: "segments" }, leg.segments.flatMap((segment, at) => [
      segmentRow(segment, leg, data),
      waits[at] && waitRow(waits[at], itinerary, data),
    ])));
}

function segmentRow(segment, leg, data) {
  const operated = segment.operating && segment.operating !== segment.carrier;
  return h("li", { class: "segment" },
    point(segment.departs, segment.origin, leg, data),
    h("div", { class: "seg-mid" },
      h("span", { class: "seg-time" }, duration(segment.duration_minutes)),
      h("span", { class: "seg-flight" }, carrierBadge(segment.carrier), h("span", {}, carrierName(data, segment.carrier), " ", h("bdi", { class: "seg-no", translate: "no" }, `${segment.carrier} ${segment.number}`))),
      operated && h("span", { class: "seg-operated" }, t("leg.operated", { who: carrierName(data, segment.operating) }))),
    point(segment.arrives, segment.destination, leg, data));
}

function point(local, airport, leg, data) {
  const shift = daysBetween(leg.departs, local);
  return h("div", { class: "point" },
    h("span", { class: "point-time" }, h("time", { datetime: local }, time(local)), dayMark(shift)),
    h("span", { class: "point-place" }, h("bdi", { class: "point-code", translate: "no" }, airport), " ", airportName(data, airport)));
}

function waitRow(wait, itinerary, data) {
  const lines = [t("details.wait", { time: duration(wait.minutes), city: cityName(data, wait.airport) })];
  if (wait.change) lines.push(t("warn.airport_change_long", { from: airportName(data, wait.airport), to: airportName(data, wait.onward) }));
  if (wait.overnight) lines.push(t("warn.overnight_long"));
  if (wait.tight) lines.push(t("warn.tight_long"));
  // Where one booking ends and the next begins, as far as the parts say it.
  const alone = itinerary.options.some((option) => option.parts?.some((part) => part.destination === wait.airport));
  if (itinerary.self_transfer && alone) lines.push(t("warn.self_transfer_wait"));
  const careful = lines.length > 1;
  return h("li", { class: `wait${careful ? " careful" : ""}` }, icon(careful ? "warn" : "clock"), h("div", {}, lines.map((line) => h("p", {}, line))));
}
