// Who travels: a button with the sum, and a panel with adults, children with ages, infants on laps.
// Limits are the server's: 1-8 adults, at most 8 under 18, no more infants than adults.

import { fill, h, icon, uid } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { ADULTS_MAX, YOUNG_MAX } from "../core/query.js";

/** Builds the field over `query` (adults, children, infants), which it changes in place. */
export function travellersField(query, onChange) {
  const id = uid("who");
  const text = h("span", { class: "pick-text" });
  const button = h("button", { type: "button", class: "pick", id, "aria-expanded": "false", "aria-controls": `${id}-panel`, "aria-describedby": `${id}-error`, on: { click: toggle } }, icon("person"), text, icon("chevron", "pick-arrow"));
  const panel = h("div", { id: `${id}-panel`, class: "pop", role: "group", "aria-label": t("who.title"), hidden: true });
  const error = h("p", { id: `${id}-error`, class: "field-error", hidden: true });
  const node = h("div", { class: "who" }, button, panel, error);

  function changed(focusKey) {
    setError("");
    render();
    onChange();
    // The panel is built anew; the button that was pressed keeps the focus.
    if (focusKey) {
      const target = panel.querySelector(`[data-key="${focusKey}"]:not(:disabled)`) ?? panel.querySelector("button:not(:disabled), select");
      target?.focus();
    }
  }

  function stepper(name, hint, value, low, high, set) {
    const key = name;
    return h("div", { class: "step", role: "group", "aria-label": t(`who.${name}`) },
      h("div", { class: "step-text" }, h("span", { class: "step-name" }, t(`who.${name}`)), h("span", { class: "step-hint" }, hint)),
      h("div", { class: "step-keys" },
        h("button", { type: "button", class: "round", disabled: value <= low, "aria-label": t("who.fewer", { who: t(`who.${name}`) }), data: { key: `${key}-less` }, on: { click: () => { set(value - 1); changed(`${key}-less`); } } }, icon("minus")),
        h("output", { class: "step-value", "aria-live": "polite" }, String(value)),
        h("button", { type: "button", class: "round", disabled: value >= high, "aria-label": t("who.more", { who: t(`who.${name}`) }), data: { key: `${key}-more` }, on: { click: () => { set(value + 1); changed(`${key}-more`); } } }, icon("plus"))));
  }

  function ages(list, from, to, labelKey) {
    return list.map((age, index) => h("label", { class: "age" },
      h("span", {}, t(labelKey, { n: index + 1 })),
      h("select", { data: { key: `${labelKey}-${index}` }, on: { change: (event) => { list[index] = event.target.value === "" ? null : Number(event.target.value); setError(""); onChange(); showSum(); } } },
        age === null && h("option", { value: "" }, t("who.age_choose")),
        Array.from({ length: to - from + 1 }, (_, offset) => {
          const year = from + offset;
          return h("option", { value: String(year), selected: year === age }, year === 0 ? t("who.under_one") : t("who.years", { n: year }));
        }))));
  }

  function showSum() {
    const parts = [t("who.adults_n", { n: query.adults })];
    if (query.children.length) parts.push(t("who.children_n", { n: query.children.length }));
    if (query.infants.length) parts.push(t("who.infants_n", { n: query.infants.length }));
    text.textContent = parts.join(", ");
  }

  function render() {
    const young = query.children.length + query.infants.length;
    fill(panel,
      stepper("adults", t("who.adults_hint"), query.adults, Math.max(1, query.infants.length), ADULTS_MAX, (n) => { query.adults = n; }),
      stepper("children", t("who.children_hint"), query.children.length, 0, YOUNG_MAX - query.infants.length, (n) => resize(query.children, n, null)),
      h("div", { class: "ages" }, ages(query.children, 2, 17, "who.child_age")),
      stepper("infants", t("who.infants_hint"), query.infants.length, 0, Math.min(query.adults, YOUNG_MAX - query.children.length), (n) => resize(query.infants, n, 0)),
      h("div", { class: "ages" }, ages(query.infants, 0, 1, "who.infant_age")),
      young >= YOUNG_MAX && h("p", { class: "hint" }, t("who.limit", { n: YOUNG_MAX })),
      h("div", { class: "pop-end" }, h("button", { type: "button", class: "btn small", on: { click: () => close(true) } }, t("who.done"))));
    showSum();
  }

  function toggle() {
    if (panel.hidden) open();
    else close(false);
  }

  function open() {
    panel.hidden = false;
    button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", outside, true);
    (panel.querySelector("[aria-invalid], select:has(option[value='']:checked)") ?? panel.querySelector("button:not(:disabled)"))?.focus();
  }

  function close(refocus) {
    panel.hidden = true;
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

  node.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) {
      event.stopPropagation();
      close(true);
    }
  });
  node.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !node.contains(event.relatedTarget)) close(false);
  });

  render();
  return { node, button, setError, focus: open };
}

function resize(list, length, filler) {
  while (list.length > length) list.pop();
  while (list.length < length) list.push(filler);
}
