// The calendar of prices of a search. Picking a day searches it. For a return trip the way back is either
// the best one seen for that day, or the day chosen.

import { fill, h } from "../core/dom.js";
import { addDays, day, daysBetween, today } from "../core/format.js";
import { t } from "../core/i18n.js";
import { HORIZON_DAYS } from "../core/query.js";
import { calendar } from "../form/calendar.js";
import { dayBook } from "./day_book.js";

/** Builds the panel; `show` draws it with the prices known now. */
export function dayPanel(query, { onDays, onClose }) {
  const [{ origin, destination, date }] = query.legs;
  const both = query.trip === "return";
  const state = { back: both ? "any" : null, book: null };
  const picker = calendar({ onPick: pick, onEscape: onClose });
  const choice = h("div", { class: "other-choice" });
  const node = h("div", { class: "day-panel" }, choice, picker.node);

  function show() {
    fill(choice, both && h("div", { class: "segmented", role: "radiogroup", "aria-label": t("other.back") },
      ["any", query.returnDate].map((back) => h("label", { class: "choice" },
        h("input", { type: "radio", name: "other-back", value: back, checked: state.back === back, on: { change: () => { state.back = back; draw(); } } }),
        h("span", {}, back === "any" ? t("other.back_any") : t("other.back_on", { day: day(back) }))))));
    draw();
  }

  function draw() {
    const last = addDays(today(), HORIZON_DAYS);
    const fixed = both && state.back !== "any";
    state.book = dayBook({ origin: origin.id, destination: destination.id, back: state.back, direct: query.direct });
    picker.show({ value: date, min: today(), max: fixed ? state.back : last, range: both ? [date, query.returnDate] : [], prices: state.book, quiet: true });
  }

  function pick(out) {
    if (!both) onDays(out, null);
    else if (state.back !== "any") onDays(out, state.back);
    else onDays(out, state.book.quote(out)?.returns ?? stay(out));
  }

  /** As long a stay as now, as far as partners sell. */
  function stay(out) {
    const back = addDays(out, daysBetween(date, query.returnDate));
    const last = addDays(today(), HORIZON_DAYS);
    return back < last ? back : last;
  }

  return { node, show };
}
