// One or two months to pick a day from. In: the day chosen, the first and last day allowed, and the
// days between which the trip lies. Out: `onPick(date)`. Arrow keys move by day and week, Page Up and
// Page Down by month, Home and End within the week; weeks start as the locale starts them. With a book
// of prices the days carry the cheapest price seen.

import { fill, h, icon } from "../core/dom.js";
import { addDays, addMonths, longDay, monthName, today, weekdayNames } from "../core/format.js";
import { currentLocale, t } from "../core/i18n.js";
import { dayMarks } from "../prices/day_marks.js";

/** Builds the calendar; call `show` each time it opens. */
export function calendar({ onPick, onEscape }) {
  const months = h("div", { class: "months" });
  const back = h("button", { type: "button", class: "round cal-step", "aria-label": t("calendar.back"), on: { click: () => turn(-1) } }, icon("chevron", "cal-back"));
  const on = h("button", { type: "button", class: "round cal-step", "aria-label": t("calendar.on"), on: { click: () => turn(1) } }, icon("chevron", "cal-on"));
  const marks = dayMarks();
  const node = h("div", { class: "cal" }, h("div", { class: "cal-head" }, back, on), months, marks.below);
  const state = { value: "", min: "", max: "", range: [], month: "", focus: "", prices: null };

  /**
   * Shows the month of the chosen day and puts the focus on it, unless `quiet`. `prices` is a book of
   * prices by day, or null.
   */
  function show({ value, min, max, range, prices = null, quiet = false }) {
    const day = value && value >= min && value <= max ? value : min;
    Object.assign(state, { value, min, max, range, prices, focus: day, month: day.slice(0, 7) });
    render();
    if (!quiet) focusDay();
  }

  function render() {
    const shown = [state.month, addMonths(state.month, 1)];
    fill(months, shown.map((month) => monthTable(month)));
    back.disabled = state.month <= state.min.slice(0, 7);
    on.disabled = state.month >= state.max.slice(0, 7);
    marks.show(node, shown, state.prices);
  }

  function monthTable(month) {
    const first = `${month}-01`;
    const lead = (weekday(first) - weekStart() + 7) % 7;
    const days = Array.from({ length: daysIn(month) }, (_, index) => addDays(first, index));
    const cells = [...Array.from({ length: lead }, () => null), ...days];
    const weeks = Array.from({ length: Math.ceil(cells.length / 7) }, (_, week) => cells.slice(week * 7, week * 7 + 7));
    return h("table", { class: "month", role: "grid", "aria-label": monthName(first) },
      h("caption", { "aria-hidden": "true" }, monthName(first)),
      h("thead", {}, h("tr", {}, weekdayNames(weekStart()).map(({ short, long }) => h("th", { scope: "col", abbr: long }, short)))),
      h("tbody", {}, weeks.map((week) => h("tr", {}, week.map((date) => (date ? dayCell(date) : h("td", {})))))));
  }

  function dayCell(date) {
    const [from, to] = state.range;
    const inside = from && to && date > from && date < to;
    const end = date === from || date === to;
    return h("td", { role: "gridcell", class: [inside && "inside", from && to && from !== to && date === from && "range-from", from && to && from !== to && date === to && "range-to"].filter(Boolean).join(" ") || null, "aria-selected": String(date === state.value) },
      h("button", {
        type: "button", class: `day${end ? " end-day" : ""}`, disabled: date < state.min || date > state.max, tabindex: date === state.focus ? "0" : "-1",
        "aria-current": date === today() ? "date" : null, data: { date }, on: { click: () => onPick(date) },
      }, h("span", { class: "day-number", "aria-hidden": "true" }, String(Number(date.slice(8)))), h("span", { class: "day-price", "aria-hidden": "true" }), h("span", { class: "sr-only day-words" }, longDay(date))));
  }

  function turn(step) {
    state.month = addMonths(state.month, step);
    const month = state.focus.slice(0, 7);
    if (month < state.month || month > addMonths(state.month, 1)) state.focus = clampDay(`${state.month}-01`);
    render();
  }

  function clampDay(date) {
    return date < state.min ? state.min : date > state.max ? state.max : date;
  }

  function focusDay() {
    // On a narrow screen only the first of the two months is in sight.
    const last = getComputedStyle(months.lastChild).display === "none" ? state.month : addMonths(state.month, 1);
    const month = state.focus.slice(0, 7);
    if (month < state.month || month > last) state.month = month;
    render();
    months.querySelector(`[data-date="${state.focus}"]`)?.focus({ preventScroll: true });
  }

  node.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      onEscape();
      return;
    }
    if (!event.target.dataset?.date) return;
    const forward = document.documentElement.dir === "rtl" ? -1 : 1;
    const inWeek = (weekday(state.focus) - weekStart() + 7) % 7;
    const moves = { ArrowLeft: -forward, ArrowRight: forward, ArrowUp: -7, ArrowDown: 7, Home: -inWeek, End: 6 - inWeek };
    let next = null;
    if (event.key in moves) next = addDays(state.focus, moves[event.key]);
    else if (event.key === "PageUp" || event.key === "PageDown") next = sameDay(state.focus, event.key === "PageUp" ? -1 : 1);
    if (next === null) return;
    event.preventDefault();
    state.focus = clampDay(next);
    focusDay();
  });

  return { node, show };
}

function daysIn(month) {
  const [year, number] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number, 0)).getUTCDate();
}

function sameDay(date, step) {
  const month = addMonths(date.slice(0, 7), step);
  return `${month}-${String(Math.min(Number(date.slice(8)), daysIn(month))).padStart(2, "0")}`;
}

/** 1 is Monday, 7 is Sunday, as the locale data has it. */
function weekday(date) {
  return new Date(`${date}T00:00Z`).getUTCDay() || 7;
}

function weekStart() {
  const locale = new Intl.Locale(currentLocale());
  return (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1;
}
