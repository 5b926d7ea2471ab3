// The filters: groups of choices with how many flights have them and from what price, windows of the
// day for every leg, longest duration, highest price. Counts come with every page (`facets`).

import { fill, h, icon } from "../core/dom.js";
import { count, duration, minutesOfDay } from "../core/format.js";
import { filterCount, noFilters } from "../core/filters.js";
import { t } from "../core/i18n.js";
import { airportName, carrierBadge, carrierName, cityName } from "./names.js";
import { priceText } from "./price.js";
import { maxSlider, windowSlider } from "./range.js";

const SHORT = 6;
const DAY = 1440;
const HALF_HOUR = 30;

/** Builds the panel. `onChange(filters)` is called with a new filters object. */
export function filterPanel({ filters, legs, onChange }) {
  const state = { filters, data: null, wide: new Set(), print: "", touchedAt: -Infinity };
  const node = h("div", { class: "filters" });

  function change(edit) {
    const next = { ...state.filters, depart: [...state.filters.depart], arrive: [...state.filters.arrive] };
    edit(next);
    state.filters = next;
    head();
    onChange(next);
  }

  const clear = h("button", { type: "button", class: "link", hidden: true, on: { click: () => { state.filters = noFilters(); state.print = ""; render(); onChange(state.filters); } } }, t("filter.clear"));
  const groups = h("div", { class: "filter-groups" });
  fill(node, h("div", { class: "filter-head" }, h("h2", {}, t("filter.title")), clear), groups);

  function head() {
    clear.hidden = filterCount(state.filters) === 0;
  }

  function choices(name, facets, label, picture) {
    const chosen = state.filters[name];
    const list = [...(facets ?? [])];
    // What is chosen stays in sight even when nothing has it any more.
    for (const value of chosen) if (!list.some((facet) => String(facet.value) === value)) list.push({ value, count: 0, min_price: null });
    if (list.length < 2 && !chosen.size) return null;
    const wide = state.wide.has(name) || list.length <= SHORT + 1;
    const visible = wide ? list : list.filter((facet, index) => index < SHORT || chosen.has(String(facet.value)));
    return group(name, t(`filter.${name}`), [
      h("ul", { class: "facets" }, visible.map((facet) => h("li", {}, h("label", { class: "facet" },
        h("input", { type: "checkbox", checked: chosen.has(String(facet.value)), value: String(facet.value), data: { facet: `${name}:${facet.value}` }, on: { change: (event) => change((next) => { next[name] = toggled(chosenOf(name), String(facet.value), event.target.checked); }) } }),
        picture?.(facet),
        h("span", { class: "facet-name" }, label(facet)),
        h("span", { class: "facet-count", title: t("filter.flights", { n: facet.count }) }, count(facet.count)),
        h("span", { class: "facet-price" }, facet.min_price === null || facet.min_price === undefined ? "" : h("bdi", {}, priceText(facet.min_price, state.data))))))),
      !wide && h("button", { type: "button", class: "link", on: { click: () => { state.wide.add(name); state.print = ""; render(); } } }, t("filter.all", { n: list.length })),
    ]);
  }

  function chosenOf(name) {
    return state.filters[name];
  }

  function windows() {
    return legs.map((leg, index) => {
      const ends = `${leg.from} → ${leg.to}`;
      return h("div", { class: "window" },
        legs.length > 1 && h("p", { class: "window-title" }, h("bdi", {}, ends)),
        ["depart", "arrive"].map((name) => windowSlider({
          label: t(`filter.${name}`), lowLabel: t("filter.earliest"), highLabel: t("filter.latest"),
          max: DAY, step: HALF_HOUR, value: state.filters[name][index], write: minutesOfDay,
          onChange: (window) => change((next) => { for (let at = 0; at < legs.length; at += 1) next[name][at] = at === index ? window : next[name][at] ?? null; }),
        })));
    });
  }

  function longest(range) {
    if (!range || range.max - range.min < HALF_HOUR) return null;
    const [min, max] = [Math.ceil(range.min / HALF_HOUR) * HALF_HOUR, Math.ceil(range.max / HALF_HOUR) * HALF_HOUR];
    return group("duration", t("filter.duration"), maxSlider({ label: t("filter.at_most"), min, max, step: HALF_HOUR, value: state.filters.durationMax, write: duration, onChange: (value) => change((next) => { next.durationMax = value; }) }));
  }

  function dearest(range) {
    if (!range || range.max <= range.min) return null;
    const step = niceStep(range.max - range.min, state.data.decimals);
    const [min, max] = [Math.ceil(range.min / step) * step, Math.ceil(range.max / step) * step];
    if (max <= min) return null;
    return group("price", t("filter.price"), maxSlider({ label: t("filter.at_most"), min, max, step, value: state.filters.priceMax, write: (value) => priceText(value, state.data), onChange: (value) => change((next) => { next.priceMax = value; }) }));
  }

  function group(name, title, content) {
    const open = !state.closed?.has(name);
    return h("details", { class: "filter-group", data: { group: name }, open, on: { toggle: (event) => { state.closed ??= new Set(); if (event.target.open) state.closed.delete(name); else state.closed.add(name); } } },
      h("summary", {}, h("span", {}, title), icon("chevron")), content);
  }

  function render() {
    head();
    const { data } = state;
    if (!data) return;
    const facets = data.facets ?? {};
    const print = JSON.stringify([facets, data.currency, [...state.wide]]);
    if (print === state.print) return;
    state.print = print;
    const focus = document.activeElement?.dataset?.facet;
    fill(groups,
      choices("stops", facets.stops, (facet) => t(`stops.filter_${Math.min(2, Number(facet.value))}`)),
      legs.length > 0 && group("times", t("filter.times"), windows()),
      dearest(facets.price), longest(facets.duration),
      choices("carriers", facets.carriers, (facet) => facet.name ?? carrierName(data, facet.value), (facet) => carrierBadge(String(facet.value))),
      choices("alliances", facets.alliances, (facet) => facet.name ?? facet.value),
      choices("airports", facets.airports, (facet) => facet.name ?? airportLabel(data, facet.value)),
      choices("agents", facets.agents, (facet) => facet.name ?? facet.value));
    if (focus) groups.querySelector(`[data-facet="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  }

  // A slider that is being dragged must not be replaced under the finger.
  function busy() {
    return groups.contains(document.activeElement) && document.activeElement.matches("input[type=range]") && performance.now() - state.touchedAt < 1_500;
  }
  groups.addEventListener("input", () => { state.touchedAt = performance.now(); });

  return {
    node,
    /** Takes the counts of a page. */
    show(data) {
      state.data = data;
      if (!busy()) render();
    },
    /** Takes filters that were changed elsewhere. */
    set(next) {
      state.filters = next;
      state.print = "";
      render();
    },
  };
}

function toggled(set, value, on) {
  const next = new Set(set);
  if (on) next.add(value);
  else next.delete(value);
  return next;
}

function airportLabel(data, code) {
  const city = cityName(data, code);
  const name = airportName(data, code);
  return name.includes(city) ? name : `${city}, ${name}`;
}

/** A step that gives about forty stops on round amounts. */
function niceStep(range, decimals) {
  const unit = 10 ** decimals;
  const raw = Math.max(unit, range / 40);
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= raw) ?? raw;
}
