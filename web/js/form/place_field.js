// One end of a leg: a combobox over /v1/places (ARIA 1.2 pattern, list pop-up, first option active).
// Arrow keys move, Enter and Tab pick, Escape closes. In: a place or null. Out: `onPick(place)`.

import { suggest } from "../core/api.js";
import { fill, h, icon, uid } from "../core/dom.js";
import { currentLocale, t } from "../core/i18n.js";
import { learn, recentPlaces, rememberPlace } from "../core/places.js";
import { announce } from "../core/announce.js";

const WAIT_MS = 110;
const LIMIT = 8;

/** Builds the field. `set(place)` shows a place, `setError(sentence)` shows or clears a message. */
export function placeField({ label, placeholder, iconName, place, onPick }) {
  const id = uid("place");
  const state = { place, options: [], active: -1, open: false, quiet: false, term: "", pending: null, timer: 0 };

  const input = h("input", {
    id, class: "field-input", type: "text", role: "combobox", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
    placeholder, enterkeyhint: "next", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${id}-list`, "aria-describedby": `${id}-error`,
  });
  const list = h("ul", { id: `${id}-list`, class: "suggest", role: "listbox", "aria-label": label, hidden: true });
  const code = h("span", { class: "field-code", "aria-hidden": "true" });
  const error = h("p", { id: `${id}-error`, class: "field-error", hidden: true });
  const box = h("div", { class: "field-box" }, icon(iconName, "field-icon"), h("div", { class: "field-body" }, h("label", { class: "field-label", htmlFor: id }, label), input), code);
  const node = h("div", { class: "field place" }, box, list, error);

  function show() {
    input.value = state.place ? state.place.name : "";
    code.textContent = state.place?.iata ?? "";
  }

  function pick(option) {
    state.place = option;
    if (option) rememberPlace(option);
    close();
    show();
    setError("");
    onPick(option);
  }

  function close() {
    state.open = false;
    state.active = -1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function open(options, heading) {
    state.options = options;
    state.open = true;
    state.active = options.length && !heading ? 0 : -1;
    fill(list, heading && h("li", { class: "suggest-head", role: "presentation" }, heading), options.map(row));
    if (!options.length) append(list, "place.none");
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark();
  }

  function append(target, key) {
    target.append(h("li", { class: "suggest-none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, t(key)));
  }

  function row(option, index) {
    const before = state.options[index - 1];
    const under = option.kind === "airport" && before && (before.city === option.city) && state.options.some((other) => other.kind === "city" && other.name === option.city);
    return h("li", {
      id: `${id}-${index}`, class: `suggest-row${under ? " under" : ""}`, role: "option", "aria-selected": "false",
      // Pressing must not take the focus from the input: the pick happens on click.
      on: { pointerdown: (event) => event.preventDefault(), click: () => pick(option), pointermove: () => { if (state.active !== index) { state.active = index; mark(); } } },
    },
    icon(option.kind === "city" ? "city" : "plane", "suggest-icon"),
    h("span", { class: "suggest-text" },
      h("span", { class: "suggest-name" }, highlighted(option)),
      h("span", { class: "suggest-where" }, where(option))),
    h("span", { class: "suggest-code" }, option.iata));
  }

  function mark() {
    for (const [index, item] of [...list.querySelectorAll(".suggest-row")].entries()) {
      item.setAttribute("aria-selected", String(index === state.active));
      if (index === state.active) {
        input.setAttribute("aria-activedescendant", item.id);
        item.scrollIntoView({ block: "nearest" });
      }
    }
    if (state.active < 0) input.removeAttribute("aria-activedescendant");
  }

  async function ask(term) {
    state.pending?.abort();
    const pending = new AbortController();
    state.pending = pending;
    try {
      const options = await suggest(term, currentLocale(), LIMIT, pending.signal);
      if (pending.signal.aborted || document.activeElement !== input) return;
      options.forEach(learn);
      open(options);
      announce(options.length ? t("place.count", { n: options.length }) : t("place.none"));
    } catch (fault) {
      if (pending.signal.aborted) return;
      close();
      setError(t(fault.code === "offline" ? "error.offline" : "error.places"));
    }
  }

  function onInput() {
    state.place = null;
    code.textContent = "";
    onPick(null);
    clearTimeout(state.timer);
    state.term = input.value.trim();
    if (!state.term) {
      state.pending?.abort();
      showRecent();
      return;
    }
    state.timer = setTimeout(() => ask(state.term), WAIT_MS);
  }

  function showRecent() {
    const recent = recentPlaces();
    if (recent.length) open(recent, t("place.recent"));
    else close();
  }

  function onKey(event) {
    if (event.isComposing) return;
    const last = state.options.length - 1;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!state.open) {
        if (input.value.trim() && !state.place) ask(input.value.trim());
        else showRecent();
        return;
      }
      const step = event.key === "ArrowDown" ? 1 : -1;
      state.active = state.active + step > last ? 0 : state.active + step < 0 ? last : state.active + step;
      mark();
    } else if (event.key === "Enter" && state.open) {
      event.preventDefault();
      if (state.active >= 0) pick(state.options[state.active]);
    } else if (event.key === "Tab" && state.open && state.active >= 0) {
      pick(state.options[state.active]);
    } else if (event.key === "Escape" && state.open) {
      event.preventDefault();
      close();
    }
  }

  function onBlur() {
    clearTimeout(state.timer);
    // Leaving with a typed name takes the best match, as a person expects who types and moves on.
    if (!state.place && state.open && state.active >= 0 && input.value.trim()) pick(state.options[state.active]);
    else if (!state.place && input.value.trim()) settle(input.value.trim());
    close();
  }

  async function settle(term) {
    const options = await suggest(term, currentLocale(), 1).catch(() => []);
    if (!state.place && input.value.trim() === term && options.length) pick(options[0]);
  }

  function setError(sentence) {
    error.textContent = sentence;
    error.hidden = !sentence;
    node.classList.toggle("bad", Boolean(sentence));
    if (sentence) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  input.addEventListener("input", onInput);
  input.addEventListener("keydown", onKey);
  input.addEventListener("blur", onBlur);
  input.addEventListener("focus", () => { input.select(); if (!input.value && !state.quiet) showRecent(); });
  box.addEventListener("click", () => input.focus());
  show();

  /** Takes the focus without opening the list, so that a message beneath stays in sight. */
  function focus() {
    state.quiet = true;
    input.focus();
    state.quiet = false;
  }

  return { node, input, setError, focus, set(next) { state.place = next; show(); } };
}

/** The name with what was typed marked. Ranges count code points. */
function highlighted(option) {
  const points = [...option.name];
  const parts = [];
  let at = 0;
  for (const [from, to] of option.highlight ?? []) {
    if (from < at || to > points.length || to <= from) continue;
    parts.push(points.slice(at, from).join(""), h("mark", {}, points.slice(from, to).join("")));
    at = to;
  }
  parts.push(points.slice(at).join(""));
  return parts;
}

function where(option) {
  if (option.kind === "city") return `${option.country}${option.country ? " · " : ""}${t("place.all_airports")}`;
  return [option.city !== option.name ? option.city : "", option.country].filter(Boolean).join(", ");
}
