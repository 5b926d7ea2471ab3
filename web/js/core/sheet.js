// A modal sheet: from the side on a wide screen, the whole screen on a phone. The browser's own
// <dialog> keeps the focus inside and closes on Escape.

import { h, icon, uid } from "./dom.js";
import { t } from "./i18n.js";

/**
 * Opens a sheet with a title and content; `kind` is a CSS class. `onClose` is called once, however it
 * was closed. Answers { close, body, title }.
 */
export function openSheet({ title, kind = "", content, foot = null, onClose = () => {} }) {
  const id = uid("sheet");
  const heading = h("h2", { id, class: "sheet-title", tabindex: "-1" }, title);
  const body = h("div", { class: "sheet-body" }, content);
  const node = h("dialog", { class: `sheet ${kind}`, "aria-labelledby": id },
    h("div", { class: "sheet-in" },
      h("div", { class: "sheet-head" }, heading, h("button", { type: "button", class: "round sheet-close", "aria-label": t("sheet.close"), on: { click: () => node.close() } }, icon("close"))),
      body, foot && h("div", { class: "sheet-foot" }, foot)));
  // A press on the backdrop hits the dialog itself, everything inside hits a child.
  node.addEventListener("pointerdown", (event) => { if (event.target === node) node.close(); });
  node.addEventListener("close", () => { node.remove(); onClose(); });
  document.body.append(node);
  node.showModal();
  heading.focus({ preventScroll: true });
  return { node, body, title: heading, close: () => { if (node.open) node.close(); } };
}
