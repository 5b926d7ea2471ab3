// One leg on one line: when it leaves, how long it takes and where it stops, when it arrives.

import { h, icon, srOnly } from "../core/dom.js";
import { dayShiftWords, duration, time } from "../core/format.js";
import { t } from "../core/i18n.js";
import { carriersOf, layovers, operatorsOf } from "./facts.js";
import { airportName, carrierBadge, carrierName } from "./names.js";

/** The row of a leg inside a card. */
export function legRow(leg, data) {
  const carriers = carriersOf([leg]);
  const operators = operatorsOf(leg);
  return h("div", { class: "leg" },
    h("div", { class: "leg-carriers" },
      h("div", { class: "badges" }, carriers.slice(0, 2).map(carrierBadge)),
      h("div", { class: "leg-names" },
        h("span", { class: "leg-carrier" }, carriers.map((code) => carrierName(data, code)).join(" + ")),
        operators.length > 0 && h("span", { class: "leg-operated" }, t("leg.operated", { who: operators.map((code) => carrierName(data, code)).join(", ") })))),
    end(leg.departs, leg.origin, data, "departs"),
    h("div", { class: "line" },
      h("span", { class: "line-time" }, srOnly(t("leg.takes")), duration(leg.duration_minutes)),
      h("span", { class: "line-bar", "aria-hidden": "true" },
        leg.segments.slice(1).map(() => h("span", { class: "line-stop" })),
        icon("plane-small", "line-plane flip")),
      stops(leg, data)),
    end(leg.arrives, leg.destination, data, "arrives", leg.day_shift));
}

function end(local, airport, data, kind, shift = 0) {
  return h("div", { class: `end ${kind}` },
    h("span", { class: "end-time" }, srOnly(t(`leg.${kind}`)), h("time", { datetime: local }, time(local)), dayMark(shift)),
    h("abbr", { class: "end-code", title: airportName(data, airport) }, airport));
}

/** "+1" beside an arrival on another day. */
export function dayMark(shift) {
  if (!shift) return null;
  const words = dayShiftWords(shift);
  return h("sup", { class: "day-mark", title: words }, h("span", { "aria-hidden": "true" }, h("bdi", {}, shift > 0 ? `+${shift}` : String(shift))), srOnly(words));
}

function stops(leg, data) {
  const waits = layovers(leg);
  if (!waits.length) return h("span", { class: "line-stops direct" }, t("stops.direct"));
  const codes = waits.flatMap((stop, index) => [
    index > 0 && ", ",
    h("abbr", { title: airportName(data, stop.airport), class: stop.overnight || stop.change ? "warn" : null }, stop.change ? `${stop.airport}→${stop.onward}` : stop.airport),
  ]);
  const wait = waits.length === 1 && [" ", h("span", { class: "line-wait" }, duration(waits[0].minutes))];
  return h("span", { class: "line-stops" }, t("stops.count", { n: waits.length }), " ", h("bdi", {}, codes), wait);
}
