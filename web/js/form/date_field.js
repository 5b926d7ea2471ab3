// A day of travel: a button that says the day in the page's language and opens a calendar.
// In: an ISO date. Out: `onChange(date)`. Enter, Space and Arrow Down open, Escape closes.

import { h, icon, uid } from "../core/dom.js";
import { addDays, day, today } from "../core/format.js";
import { t } from "../core/i18n.js";
import { HORIZON_DAYS } from "../core/query.js";
import { calendar } from "./calendar.js";

/**
 * Builds the field. `min`, `range` and `prices` are functions, because other fields move them; `prices`
 * answers a book of prices by day, or null while the route is not known.
 */
export function dateField({ label, value, min = today, range = () => [], prices = () => null, onChange }) {
  const id = uid("date");
  let date = value ?? "";
  const written = h("span", { class: "date-text" });
  const button = h("button", { type: "button", id, class: "date-button", "aria-haspopup": "dialog", "aria-expanded": "false", "aria-describedby": `${id}-error`, on: { click: () => (pop.hidden ? open() : close(true)) } },
    icon("calendar", "field-icon"), h("span", { class: "field-body" }, h("span", { class: "field-label" }, label), " ", written));
  const picker = calendar({
    onPick: (picked) => {
      close(true);
      set(picked);
      setError("");
      onChange(picked);
    },
    onEscape: () => close(true),
  });
  const pop = h("div", { class: "pop date-pop", role: "dialog", "aria-label": label, hidden: true }, picker.node);
  const error = h("p", { id: `${id}-error`, class: "field-error", hidden: true });
  const node = h("div", { class: "field date" }, h("div", { class: "field-box" }, button), pop, error);

  function set(next) {
    date = next ?? "";
    written.textContent = date ? day(date) : t("form.choose_day");
    written.classList.toggle("empty", !date);
  }

  function open() {
    pop.hidden = false;
    button.setAttribute("aria-expanded", "true");
    const first = min() || today();
    picker.show({ value: date, min: first < today() ? today() : first, max: addDays(today(), HORIZON_DAYS), range: range(), prices: prices() });
    document.addEventListener("pointerdown", outside, true);
  }

  function close(refocus) {
    pop.hidden = true;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    if (refocus) button.focus();
  }

  function outside(event) {
    if (!node.contains(event.target)) close(false);
  }

  function setError(sentence) {
    error.textContent = sentence;
    error.hidden = !sentence;
    node.classList.toggle("bad", Boolean(sentence));
  }

  button.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      open();
    }
  });
  node.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !node.contains(event.relatedTarget)) close(false);
  });
  set(date);
  return { node, input: button, set, open, setError };
}
