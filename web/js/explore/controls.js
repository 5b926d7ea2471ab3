// What the traveller sets on the page "Where can I go?": start, kind of trip, month, direct, budget.
// Changes the wish in place. Out: `onAsk()` when the server must be asked, `onNarrow()` for the budget.

import { fill, h, icon } from "../core/dom.js";
import { monthName, roundMoney } from "../core/format.js";
import { t } from "../core/i18n.js";
import { placeField } from "../form/place_field.js";
import { maxSlider } from "../results/range.js";
import { monthsAhead } from "./wish.js";

const STEPS = 60;

/** Builds the controls; `setStart` shows a place, `setPrices` gives the budget its ends. */
export function exploreControls(wish, { onAsk, onNarrow }) {
  const from = placeField({
    label: t("form.from"), placeholder: t("form.from_hint"), iconName: "takeoff", place: null,
    onPick: (place) => { wish.from = place?.id ?? null; wish.max = null; onAsk(); },
  });
  const budget = h("div", { class: "budget" });
  const node = h("div", { class: "explore-controls", role: "search", "aria-label": t("explore.title") }, from.node, trips(), months(), direct(), budget);

  function trips() {
    return h("div", { class: "segmented", role: "radiogroup", "aria-label": t("form.trip") }, ["return", "oneway"].map((trip) => h("label", { class: "choice" },
      h("input", { type: "radio", name: "explore-trip", value: trip, checked: wish.trip === trip, on: { change: () => { wish.trip = trip; wish.max = null; onAsk(); } } }),
      h("span", {}, t(`form.trip_${trip}`)))));
  }

  function months() {
    const options = [["any", t("explore.any_month")], ...monthsAhead().map((month) => [month, monthName(`${month}-01`)])];
    return h("label", { class: "cabin explore-month" }, h("span", { class: "sr-only" }, t("explore.month")), icon("calendar"),
      h("select", { on: { change: (event) => { wish.month = event.target.value; onAsk(); } } }, options.map(([value, text]) => h("option", { value, selected: value === wish.month }, text))),
      icon("chevron", "pick-arrow"));
  }

  function direct() {
    return h("label", { class: "check" }, h("input", { type: "checkbox", checked: wish.direct, on: { change: (event) => { wish.direct = event.target.checked; onAsk(); } } }), h("span", {}, t("form.direct")));
  }

  /** The slider runs over the prices there are, in whole units of money. */
  function setPrices(prices, { currency, decimals }) {
    const one = 10 ** decimals;
    const min = Math.floor(Math.min(...prices) / one) * one;
    const max = Math.ceil(Math.max(...prices) / one) * one;
    const step = Math.max(1, Math.ceil((max - min) / one / STEPS)) * one;
    const end = min + Math.max(1, Math.ceil((max - min) / step)) * step;
    fill(budget, prices.length > 1 && maxSlider({
      label: t("explore.budget"), min: min + (end - min > step ? step : 0), max: end, step, value: wish.max,
      write: (price) => (price >= end ? t("explore.any_budget") : roundMoney(price, currency, decimals)),
      onChange: (price) => { wish.max = price; onNarrow(); },
    }));
  }

  return { node, setStart: from.set, setPrices, focus: () => from.input.focus() };
}
