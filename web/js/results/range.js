// Sliders of the filters: one thumb ("at most") and two thumbs (a window of the day). Native range
// inputs, so the keyboard works; the coloured part between them is drawn from two custom properties.

import { h } from "../core/dom.js";

/** "At most": `onChange(value)` when let go, null at the far end. */
export function maxSlider({ label, min, max, step, value, write, onChange }) {
  const input = h("input", { type: "range", class: "range", min: String(min), max: String(max), step: String(step), "aria-label": label });
  const shown = h("output", { class: "range-value" });
  input.value = String(value ?? max);
  const node = h("div", { class: "slider" }, h("div", { class: "slider-head" }, h("span", {}, label), shown), h("div", { class: "track single" }, input));

  function show() {
    const at = Number(input.value);
    shown.textContent = write(at);
    input.setAttribute("aria-valuetext", write(at));
    node.style.setProperty("--from", "0%");
    node.style.setProperty("--to", `${max > min ? ((at - min) / (max - min)) * 100 : 100}%`);
  }

  input.addEventListener("input", show);
  input.addEventListener("change", () => { const at = Number(input.value); onChange(at >= max ? null : at); });
  show();
  return node;
}

/** A window: `onChange([from, to])` when let go, null when it takes in everything. */
export function windowSlider({ label, lowLabel, highLabel, max, step, value, write, onChange }) {
  const [low, high] = [lowLabel, highLabel].map((name) => h("input", { type: "range", class: "range", min: "0", max: String(max), step: String(step), "aria-label": `${label}: ${name}` }));
  low.value = String(value?.[0] ?? 0);
  high.value = String(value?.[1] ?? max);
  const shown = h("output", { class: "range-value" });
  const node = h("div", { class: "slider" }, h("div", { class: "slider-head" }, h("span", {}, label), shown), h("div", { class: "track double" }, low, high));

  function show() {
    const [from, to] = [Number(low.value), Number(high.value)];
    shown.textContent = `${write(from)} – ${write(to)}`;
    low.setAttribute("aria-valuetext", write(from));
    high.setAttribute("aria-valuetext", write(to));
    node.style.setProperty("--from", `${(from / max) * 100}%`);
    node.style.setProperty("--to", `${(to / max) * 100}%`);
    // The thumb that can still move lies on top when both meet at an end.
    low.classList.toggle("over", from > max / 2);
  }

  function tell() {
    const [from, to] = [Number(low.value), Number(high.value)];
    onChange(from === 0 && to === max ? null : [from, to]);
  }

  low.addEventListener("input", () => { if (Number(low.value) > Number(high.value) - step) low.value = String(Number(high.value) - step); show(); });
  high.addEventListener("input", () => { if (Number(high.value) < Number(low.value) + step) high.value = String(Number(low.value) + step); show(); });
  low.addEventListener("change", tell);
  high.addEventListener("change", tell);
  show();
  return node;
}
