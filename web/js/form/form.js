// The search form. In: a query (form model). Out: `onSearch(query)` when it is complete, with messages
// beside the fields when it is not, whether this page or the server found the fault.

import { h, icon, fill } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { addDays } from "../core/format.js";
import { CABINS, faultsOf, TRIPS } from "../core/query.js";
import { legsFields } from "./legs.js";
import { travellersField } from "./travellers.js";

/** Codes of refusals in the page's own words; others are told as the server tells them. */
const SENTENCES = {
  offline: "error.offline",
  timeout: "error.timeout",
  search_same_place: "error.same_place",
  search_dates_descend: "error.date_before",
  search_date_past: "error.date_past",
  search_date_too_far: "error.date_far",
  search_place_unknown: "error.place_unknown",
  search_overloaded: "state.busy_text",
  cell_overloaded: "state.busy_text",
};

/** Builds the form over `query`, which it changes in place. */
export function searchForm(query, onSearch) {
  const legs = legsFields(query, () => {});
  const who = travellersField(query, () => {});
  const message = h("p", { class: "form-error", role: "alert", hidden: true });
  const submit = h("button", { type: "submit", class: "btn primary search-btn" }, icon("search"), h("span", {}, t("form.search")));

  const node = h("form", { class: "search-form", "aria-label": t("form.title"), novalidate: true, on: { submit: send } },
    h("div", { class: "form-top" }, trips(), who.node, cabins()),
    legs.node,
    h("div", { class: "form-end" },
      h("div", { class: "checks" },
        check("nearby", t("form.nearby"), t("form.nearby_hint")),
        check("direct", t("form.direct"))),
      submit),
    message);

  function trips() {
    return h("div", { class: "segmented", role: "radiogroup", "aria-label": t("form.trip") },
      TRIPS.map((trip) => h("label", { class: "choice" },
        h("input", { type: "radio", name: "trip", value: trip, checked: query.trip === trip, on: { change: () => setTrip(trip) } }),
        h("span", {}, t(`form.trip_${trip}`)))));
  }

  function setTrip(trip) {
    if (trip === "multi" && query.trip !== "multi") {
      const [out] = query.legs;
      const date = query.trip === "return" ? query.returnDate : out.date && addDays(out.date, 7);
      query.legs = [out, { origin: out.destination, destination: query.trip === "return" ? out.origin : null, date }];
    } else if (trip !== "multi" && query.trip === "multi") {
      query.legs = query.legs.slice(0, 1);
      const [out] = query.legs;
      if (out.date && query.returnDate < out.date) query.returnDate = addDays(out.date, 7);
    }
    query.trip = trip;
    node.classList.toggle("is-multi", trip === "multi");
    node.classList.toggle("is-oneway", trip === "oneway");
    legs.render();
  }

  function cabins() {
    return h("label", { class: "cabin" }, h("span", { class: "sr-only" }, t("form.cabin")),
      icon("seat"),
      h("select", { on: { change: (event) => { query.cabin = event.target.value; } } },
        CABINS.map((cabin) => h("option", { value: cabin, selected: cabin === query.cabin }, t(`cabin.${cabin}`)))),
      icon("chevron", "pick-arrow"));
  }

  function check(name, label, hint) {
    return h("label", { class: "check", title: hint },
      h("input", { type: "checkbox", checked: query[name], on: { change: (event) => { query[name] = event.target.checked; } } }),
      h("span", {}, label));
  }

  function send(event) {
    event.preventDefault();
    clearFaults();
    const faults = faultsOf(query).map(({ field, key }) => ({ field, sentence: t(key) }));
    if (faults.length) showFaults(faults);
    else onSearch(query);
  }

  function clearFaults() {
    message.hidden = true;
    who.setError("");
    for (const field of legs.all()) field.setError("");
  }

  /** Shows faults beside their fields and focuses the first; what fits no field stands below. */
  function showFaults(faults) {
    const first = [];
    for (const { field, sentence } of faults) {
      const target = legs.field(field) ?? (/^(adults|children|infants|travellers)/.test(field) ? who : null);
      if (target) {
        target.setError(sentence);
        first.push(target);
      } else {
        fill(message, sentence);
        message.hidden = false;
      }
    }
    const [target] = first;
    if (target?.focus) target.focus();
    else target?.input.focus();
  }

  /** Shows what the server refused. */
  function refuse(fault) {
    busy(false);
    const key = SENTENCES[fault.code];
    showFaults([{ field: fault.field, sentence: key ? t(key) : fault.detail || t("error.refused") }]);
  }

  /** Shows that the server is at work. */
  function busy(on) {
    submit.disabled = on;
    submit.classList.toggle("busy", on);
  }

  node.classList.toggle("is-multi", query.trip === "multi");
  node.classList.toggle("is-oneway", query.trip === "oneway");
  return { node, refuse, busy, submit };
}
