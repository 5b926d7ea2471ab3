// The price graph: seven departure days across, seven lengths of stay down. A cell is the cheapest price
// seen for that pair of days; picking one searches it. Arrow keys move, as in the calendar.

import { fill, h, icon } from "../core/dom.js";
import { addDays, count, day, dayParts, daysBetween, longDay, money, shortMoney, today } from "../core/format.js";
import { t } from "../core/i18n.js";
import { HORIZON_DAYS } from "../core/query.js";
import { legend } from "./legend.js";
import { levelsOf } from "./levels.js";
import { stayBook } from "./stay_book.js";

const SPAN = 7;

/** Builds the grid around the days of the query; `show` draws it with the prices known now. */
export function stayGrid(query, { onDays, onClose }) {
  const [{ date }] = query.legs;
  const nights = Math.max(0, daysBetween(date, query.returnDate));
  const last = addDays(today(), HORIZON_DAYS);
  const state = { first: clamp(addDays(date, -3)), least: Math.max(0, nights - 3), focus: [3, 3], turn: 0, book: null };
  const key = legend();
  const best = h("p", { class: "stay-best" });
  const table = h("div", { class: "stay-table", role: "region", tabindex: "0", "aria-label": t("other.stays") });
  const days = stepper("stay.earlier", "stay.later", (step) => { state.first = clamp(addDays(state.first, step * SPAN)); });
  const stays = stepper("stay.shorter", "stay.longer", (step) => { state.least = Math.max(0, state.least + step * SPAN); });
  const node = h("div", { class: "stay-grid" }, best, h("div", { class: "stay-steps" }, days.node, stays.node), table, key.node);

  function clamp(first) {
    const latest = addDays(last, 1 - SPAN);
    return first < today() ? today() : first > latest ? latest : first;
  }

  function stepper(less, more, move) {
    const text = h("span", { class: "stay-range" });
    const press = (step) => () => { move(step); draw(); };
    const node = h("div", { class: "stay-step" },
      h("button", { type: "button", class: "round cal-step", "aria-label": t(less), on: { click: press(-1) } }, icon("chevron", "cal-back")),
      text,
      h("button", { type: "button", class: "round cal-step", "aria-label": t(more), on: { click: press(1) } }, icon("chevron", "cal-on")));
    return { node, text };
  }

  function show() {
    const [{ origin, destination }] = query.legs;
    state.book = stayBook({ origin: origin.id, destination: destination.id, direct: query.direct });
    draw();
  }

  async function draw() {
    state.turn += 1;
    const own = state.turn;
    const dates = Array.from({ length: SPAN }, (_, index) => addDays(state.first, index));
    days.text.textContent = `${day(dates[0])} – ${day(dates.at(-1))}`;
    stays.text.textContent = t("stay.nights_range", { from: state.least, to: state.least + SPAN - 1 });
    paint(dates);
    const loaded = await Promise.allSettled([...new Set(dates.map((one) => one.slice(0, 7)))].map((month) => state.book.load(month)));
    if (own !== state.turn) return;
    const seen = paint(dates);
    key.show({ seen, direct: query.direct, failed: !seen && loaded.some(({ status }) => status === "rejected") });
    tellBest();
  }

  function paint(dates) {
    const held = table.contains(document.activeElement) && document.activeElement !== table;
    const lengths = Array.from({ length: SPAN }, (_, index) => state.least + index);
    const quotes = lengths.map((length) => dates.map((departs) => state.book.quote(departs, addDays(departs, length))));
    const prices = quotes.flat().filter(Boolean).map(({ price }) => price);
    const level = levelsOf(prices);
    fill(table, h("table", { role: "grid", "aria-label": t("stay.table") },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("span", { class: "sr-only" }, t("stay.nights"))), dates.map(dayHead))),
      h("tbody", {}, lengths.map((length, row) => h("tr", {},
        h("th", { scope: "row", "aria-label": t("stay.nights_n", { n: length }) }, h("span", { class: "stay-nights" }, count(length))),
        dates.map((departs, column) => cell(departs, length, quotes[row][column], level, [row, column])))))));
    if (held) focus();
    return prices.length;
  }

  function dayHead(date) {
    const { weekday, day } = dayParts(date);
    return h("th", { scope: "col" }, h("span", {}, weekday), h("span", {}, day));
  }

  function cell(departs, length, quote, level, [row, column]) {
    const returns = addDays(departs, length);
    const own = departs === date && length === nights;
    const { currency, decimals } = state.book.unit;
    const said = quote ? `${t("prices.from", { price: money(quote.price, currency, decimals) })}, ${t(`prices.${level(quote.price)}`)}` : t("prices.day_none");
    return h("td", { role: "gridcell", "aria-selected": String(own) }, h("button", {
      type: "button", class: `stay-cell${own ? " own" : ""}`, disabled: returns > last, tabindex: row === state.focus[0] && column === state.focus[1] ? "0" : "-1",
      data: { level: quote ? level(quote.price) : "none", row, column, departs, returns }, on: { click: () => onDays(departs, returns) },
    },
    h("span", { class: "stay-price", "aria-hidden": "true" }, quote ? [h("bdi", {}, shortMoney(quote.price, currency, decimals)), h("span", { class: "level-dots" })] : "–"),
    h("span", { class: "sr-only" }, `${longDay(departs)} – ${longDay(returns)}, ${t("stay.nights_n", { n: length })}, ${said}`)));
  }

  // The cheapest trip of the months read, wherever it lies: one press goes there.
  function tellBest() {
    const found = state.book.best();
    if (!found) {
      fill(best);
      return;
    }
    const { currency, decimals } = state.book.unit;
    const words = t("stay.best", { price: money(found.quote.price, currency, decimals), out: day(found.departs), back: day(found.returns) });
    fill(best, icon("sort-cheapest"), h("span", {}, words), " ", h("button", { type: "button", class: "link", on: { click: () => onDays(found.departs, found.returns) } }, t("stay.go")));
  }

  function focus() {
    const [row, column] = state.focus;
    table.querySelector(`[data-row="${row}"][data-column="${column}"]`)?.focus({ preventScroll: true });
  }

  table.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      onClose();
      return;
    }
    if (event.target.dataset?.row === undefined) return;
    const forward = document.documentElement.dir === "rtl" ? -1 : 1;
    const moves = { ArrowLeft: [0, -forward], ArrowRight: [0, forward], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const at = [Number(event.target.dataset.row), Number(event.target.dataset.column)];
    state.focus = at.map((value, axis) => Math.min(SPAN - 1, Math.max(0, value + move[axis])));
    for (const button of table.querySelectorAll(".stay-cell")) button.tabIndex = -1;
    table.querySelector(`[data-row="${state.focus[0]}"][data-column="${state.focus[1]}"]`).tabIndex = 0;
    focus();
  });

  return { node, show };
}
