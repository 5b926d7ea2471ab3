// A day: the browser's own date input (its picker is the best one on a phone), with the weekday in
// the page's language beneath. In: an ISO date. Out: `onChange(date)`.

import { h, icon, uid } from "../core/dom.js";
import { addDays, day, today } from "../core/format.js";
import { HORIZON_DAYS } from "../core/query.js";

/** Builds the field; `min` is a function, because another date may move it. */
export function dateField({ label, value, min = today, onChange }) {
  const id = uid("date");
  const input = h("input", { id, class: "field-input date-input", type: "date", max: addDays(today(), HORIZON_DAYS), "aria-describedby": `${id}-error ${id}-day` });
  const written = h("span", { id: `${id}-day`, class: "field-day" });
  const error = h("p", { id: `${id}-error`, class: "field-error", hidden: true });
  const box = h("div", { class: "field-box" }, icon("calendar", "field-icon"), h("div", { class: "field-body" }, h("label", { class: "field-label", htmlFor: id }, label), input), written);
  const node = h("div", { class: "field date" }, box, error);

  function show() {
    written.textContent = input.value ? day(input.value).split(/[\s,،]/)[0] : "";
  }

  function set(next) {
    input.value = next ?? "";
    refresh();
  }

  function refresh() {
    input.min = min() || today();
    show();
  }

  function setError(sentence) {
    error.textContent = sentence;
    error.hidden = !sentence;
    node.classList.toggle("bad", Boolean(sentence));
    if (sentence) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  input.addEventListener("change", () => {
    setError("");
    show();
    onChange(input.value);
  });
  box.addEventListener("click", (event) => {
    if (event.target === input) return;
    input.focus();
    // Refused where the browser has no picker or wants a closer gesture: typing still works.
    try { input.showPicker?.(); } catch { /* see above */ }
  });
  set(value);
  return { node, input, set, refresh, setError };
}
