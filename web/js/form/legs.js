// The legs of the form: one row for one way and return, up to six rows for multi-city.
// Changes the query in place and keeps a map from the server's field names to the fields on screen.

import { fill, h, icon } from "../core/dom.js";
import { addDays, today } from "../core/format.js";
import { t } from "../core/i18n.js";
import { LEGS_MAX } from "../core/query.js";
import { dayBook } from "../prices/day_book.js";
import { dateField } from "./date_field.js";
import { placeField } from "./place_field.js";

/** Builds the rows. `fields` answers { "legs[0].origin": field, … } for messages. */
export function legsFields(query, onChange) {
  const node = h("div", { class: "legs" });
  let fields = {};

  function changed() {
    onChange();
  }

  function ends(leg, index) {
    const origin = placeField({ label: t("form.from"), placeholder: t("form.from_hint"), iconName: "takeoff", place: leg.origin, onPick: (place) => { leg.origin = place; changed(); } });
    const destination = placeField({
      label: t("form.to"), placeholder: t("form.to_hint"), iconName: "landing", place: leg.destination,
      onPick: (place) => {
        leg.destination = place;
        follow(index, place);
        changed();
      },
    });
    const swap = h("button", {
      type: "button", class: "swap", "aria-label": t("form.swap"), title: t("form.swap"),
      on: { click: () => {
        [leg.origin, leg.destination] = [leg.destination, leg.origin];
        origin.set(leg.origin);
        destination.set(leg.destination);
        changed();
      } },
    }, icon("swap"));
    fields[`legs[${index}].origin`] = origin;
    fields[`legs[${index}].destination`] = destination;
    return h("div", { class: "ends" }, origin.node, swap, destination.node);
  }

  // In a multi-city trip the next leg starts where this one ends, unless the traveller said otherwise.
  function follow(index, place) {
    const next = query.trip === "multi" ? query.legs[index + 1] : null;
    if (next && !next.origin && place) {
      next.origin = place;
      fields[`legs[${index + 1}].origin`].set(place);
    }
  }

  function departure(leg, index) {
    const field = dateField({
      label: t("form.depart"), value: leg.date,
      min: () => (index > 0 ? query.legs[index - 1].date : today()),
      range: tripRange,
      prices: () => bookOf(leg, { back: query.trip === "return" ? "any" : null }),
      onChange: (date) => {
        leg.date = date;
        pushDates(index);
        changed();
        // Out and back are picked in one go.
        if (query.trip === "return") fields["legs[1].date"].open();
      },
    });
    fields[`legs[${index}].date`] = field;
    return field.node;
  }

  function tripRange() {
    return query.trip === "return" ? [query.legs[0].date, query.returnDate] : [];
  }

  // The cheapest prices seen by day: of the way out with any way back, then of the way back for the day
  // of the way out that was chosen.
  function bookOf({ origin, destination }, days) {
    if (!origin || !destination || origin.id === destination.id) return null;
    return dayBook({ origin: origin.id, destination: destination.id, direct: query.direct, ...days });
  }

  // A later date may not be before an earlier one: moving one moves those after it.
  function pushDates(index) {
    if (query.trip === "multi") {
      for (let at = index + 1; at < query.legs.length; at += 1) {
        if (query.legs[at].date < query.legs[at - 1].date) query.legs[at].date = query.legs[at - 1].date;
        fields[`legs[${at}].date`].set(query.legs[at].date);
      }
    } else if (query.trip === "return" && query.legs[0].date) {
      if (query.returnDate < query.legs[0].date) query.returnDate = addDays(query.legs[0].date, 7);
      fields["legs[1].date"].set(query.returnDate);
    }
  }

  function returnDay() {
    const field = dateField({ label: t("form.return"), value: query.returnDate, min: () => query.legs[0].date, range: tripRange, prices: () => bookOf(query.legs[0], { out: query.legs[0].date }), onChange: (date) => { query.returnDate = date; changed(); } });
    fields["legs[1].date"] = field;
    return field.node;
  }

  function simpleRow() {
    const [leg] = query.legs;
    return h("div", { class: "leg-row" }, ends(leg, 0), h("div", { class: "dates" }, departure(leg, 0), query.trip === "return" && returnDay()));
  }

  function multiRow(leg, index) {
    return h("fieldset", { class: "leg-row multi" },
      h("legend", { class: "leg-title" }, t("form.leg", { n: index + 1 })),
      ends(leg, index),
      h("div", { class: "dates" }, departure(leg, index)),
      query.legs.length > 1 && h("button", { type: "button", class: "round leg-remove", "aria-label": t("form.remove_leg", { n: index + 1 }), on: { click: () => { query.legs.splice(index, 1); render(); changed(); } } }, icon("close")));
  }

  function addLeg() {
    const last = query.legs[query.legs.length - 1];
    query.legs.push({ origin: last.destination, destination: null, date: last.date ? addDays(last.date, 4) : "" });
    render();
    changed();
    const field = fields[`legs[${query.legs.length - 1}].${last.destination ? "destination" : "origin"}`];
    field.input.focus();
  }

  /** Builds the rows anew, after the kind of trip changed. */
  function render() {
    fields = {};
    if (query.trip !== "multi") {
      fill(node, simpleRow());
      return;
    }
    fill(node, query.legs.map(multiRow),
      query.legs.length < LEGS_MAX && h("button", { type: "button", class: "btn quiet add-leg", on: { click: addLeg } }, icon("plus"), t("form.add_leg")));
  }

  render();
  return { node, render, field: (name) => fields[name], all: () => Object.values(fields) };
}
