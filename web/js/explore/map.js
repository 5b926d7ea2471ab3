// The map: the world as dots of its airports, a dot for every place with a price, and the prices that
// find room, the cheapest first. In: places and the start. Out: `onPick(place)`.
//
// It is one picture for assistive technology: the list beside it holds the same places as links.

import { fill, h, icon, svg } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { project } from "./projection.js";
import { around, moved, world, zoomed } from "./window.js";

const ZOOM = 0.6;
const DRAG_MIN = 4;
/** Of a price label, in pixels. */
const LETTER = 7.4;
const LABEL = { height: 22, pad: 8, gap: 9 };

/** Builds the map. `show` takes new places, `highlight(id)` marks one. */
export function exploreMap({ onPick }) {
  const layer = svg("g", {});
  const dots = svg("use", { href: "/img/world.svg#airports", class: "map-land" });
  const picture = svg("svg", { class: "map-svg", role: "img", "aria-label": t("explore.map") }, dots, layer);
  const tools = h("div", { class: "map-tools" },
    tool("plus", "explore.nearer", () => look(zoomed(state.window, ZOOM, ratio()))),
    tool("minus", "explore.farther", () => look(zoomed(state.window, 1 / ZOOM, ratio()))),
    tool("fit", "explore.fit", () => fit()));
  const node = h("div", { class: "map" }, picture, tools);
  const state = { places: [], start: null, window: null, drag: null, id: null };

  function tool(name, label, run) {
    return h("button", { type: "button", class: "round", "aria-label": t(label), title: t(label), on: { click: run } }, icon(name));
  }

  function ratio() {
    return picture.clientHeight / Math.max(1, picture.clientWidth) || 0.5;
  }

  function look(window) {
    state.window = window;
    draw();
  }

  function fit() {
    const points = [state.start, ...state.places].filter(Boolean).map(project);
    look(state.places.length ? around(points, ratio()) : world(ratio()));
  }

  /** Shows places, each { id, name, latitude, longitude, label, title }; `refit` moves the window to them. */
  function show(places, start, refit) {
    Object.assign(state, { places, start });
    if (refit || !state.window) fit();
    else draw();
  }

  function draw() {
    const { x, y, width } = state.window;
    const unit = width / Math.max(1, picture.clientWidth);
    picture.setAttribute("viewBox", `${x} ${y} ${width} ${width * ratio()}`);
    dots.setAttribute("stroke-width", String(Math.min(2, Math.max(0.45, unit * 2))));
    fill(layer, startMark(unit), placeMarks(unit), labels(unit));
  }

  function startMark(unit) {
    if (!state.start) return null;
    const { x, y } = project(state.start);
    return svg("g", { class: "map-start" }, svg("circle", { cx: x, cy: y, r: 9 * unit, class: "map-halo" }), svg("circle", { cx: x, cy: y, r: 5 * unit }));
  }

  function placeMarks(unit) {
    return state.places.map((place) => {
      const { x, y } = project(place);
      return svg("g", { class: `map-place${place.id === state.id ? " on" : ""}`, data: { id: place.id }, on: { click: () => picked(place) } },
        svg("title", {}, place.title),
        svg("circle", { cx: x, cy: y, r: 12 * unit, class: "map-touch" }),
        svg("circle", { cx: x, cy: y, r: 4.5 * unit }));
    });
  }

  // Places come cheapest first; the one under the pointer goes before all. A label that would cover
  // another or the start is left out: its dot stays.
  function labels(unit) {
    const taken = state.start ? [square(project(state.start), 9 * unit)] : [];
    const first = state.places.filter(({ id }) => id === state.id);
    const rest = state.places.filter(({ id }) => id !== state.id);
    return [...first, ...rest].map((place) => {
      const at = project(place);
      const wide = ([...place.label].length * LETTER + 2 * LABEL.pad) * unit;
      const high = LABEL.height * unit;
      const box = { left: at.x - wide / 2, top: at.y - high - LABEL.gap * unit, wide, high };
      if (taken.some((other) => overlap(box, other))) return null;
      taken.push(box);
      return svg("g", { class: `map-label${place.id === state.id ? " on" : ""}`, data: { id: place.id }, on: { click: () => picked(place) } },
        svg("title", {}, place.title),
        svg("rect", { x: box.left, y: box.top, width: wide, height: high, rx: high / 2, "stroke-width": unit }),
        svg("text", { x: at.x, y: box.top + high * 0.69, "font-size": 13 * unit, "text-anchor": "middle" }, place.label));
    });
  }

  function picked(place) {
    if (!state.drag?.far) onPick(place);
  }

  /** Marks a place, as the pointer or the focus is on it in the list. */
  function highlight(id) {
    if (state.id === id) return;
    state.id = id;
    if (state.window) draw();
  }

  picture.addEventListener("pointerdown", (event) => {
    if (event.button === 0) state.drag = { x: event.clientX, y: event.clientY, window: state.window, far: false };
  });
  picture.addEventListener("pointermove", (event) => {
    const { drag } = state;
    if (!drag || !(event.buttons & 1)) return;
    const [byX, byY] = [event.clientX - drag.x, event.clientY - drag.y];
    if (!drag.far && Math.hypot(byX, byY) < DRAG_MIN) return;
    drag.far = true;
    picture.setPointerCapture(event.pointerId);
    const unit = drag.window.width / Math.max(1, picture.clientWidth);
    look(moved(drag.window, -byX * unit, -byY * unit, ratio()));
  });

  const resized = new ResizeObserver(() => { if (state.window) fit(); });
  resized.observe(picture);
  return { node, show, highlight, close: () => resized.disconnect() };
}

function square({ x, y }, half) {
  return { left: x - half, top: y - half, wide: 2 * half, high: 2 * half };
}

function overlap(one, two) {
  return one.left < two.left + two.wide && two.left < one.left + one.wide && one.top < two.top + two.high && two.top < one.top + one.high;
}
