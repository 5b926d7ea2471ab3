// Builds DOM nodes. In: tag, properties, children. Out: elements.
// Text is always a text node, so nothing a partner sends can become markup.

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "hidden", "htmlFor", "type"]);

/**
 * Makes an element. `on` holds listeners, `data` holds data attributes; `false`, `null` and
 * `undefined` leave an attribute out, `true` gives it an empty value.
 */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || (value === false && !key.startsWith("aria-"))) continue;
    if (key === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (key === "data") {
      for (const [name, text] of Object.entries(value)) node.dataset[name] = text;
    } else if (PROPERTIES.has(key)) {
      node[key] = value;
    } else {
      node.setAttribute(key, value === true ? (key.startsWith("aria-") ? "true" : "") : String(value));
    }
  }
  append(node, children);
  return node;
}

/** Appends children; arrays are flattened, empty values are skipped. */
export function append(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child);
  }
  return node;
}

/** Replaces everything inside `node`. */
export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

/** A picture of the sprite `/img/icons.svg`; hidden from assistive technology. */
export function icon(name, extra = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${extra}`.trim());
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/img/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** Makes an SVG element; `on` and `data` as in `h`. */
export function svg(tag, props, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (key === "data") for (const [name, text] of Object.entries(value)) node.dataset[name] = text;
    else node.setAttribute(key, String(value));
  }
  append(node, children);
  return node;
}

/** Text that only assistive technology reads. */
export function srOnly(text) {
  return h("span", { class: "sr-only" }, text);
}

/** Text kept together in its own direction: codes, times, names inside right-to-left lines. */
export function bdi(text, className) {
  return h("bdi", { class: className }, text);
}

let serial = 0;

/** An id that no other element has. */
export function uid(prefix) {
  serial += 1;
  return `${prefix}-${serial}`;
}
