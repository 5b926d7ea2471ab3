// Nothing is done before it was shown and confirmed. A refusal stands in the dialog with its sentence;
// where force is possible, the operator may choose it then.

import { fill, h, uid } from "../core/dom.js";
import { say, show } from "./keep.js";

/**
 * Opens the dialog.
 * `title`; `verb` for the button; `fields`: nodes the operator fills in; `look(force)`: answers nodes
 * that say what it would do, or throws what is refused; `go(force)`: does it; `force`: whether force is
 * possible, `done(sentence)` is called after it was done.
 */
export function askFirst({ title, verb, fields = [], look = null, go, force = false, done }) {
  const id = uid("ask");
  const heading = h("h2", { id, tabindex: "-1" }, title);
  const shown = h("div", { class: "ask-shown", "aria-live": "polite" });
  const refused = h("p", { class: "ask-refused", role: "alert", hidden: true });
  const anyway = h("input", { type: "checkbox" });
  const forced = h("label", { class: "ask-force", hidden: true }, anyway, h("span", {}, "Do it all the same (force)"));
  const act = h("button", { type: "submit", class: "btn primary" }, verb);
  const cancel = h("button", { type: "button", class: "btn", on: { click: () => node.close() } }, "Cancel");
  const form = h("form", { method: "dialog" }, heading, fields.length > 0 && h("div", { class: "ask-fields" }, fields), shown, refused, forced, h("div", { class: "ask-foot" }, cancel, act));
  const node = h("dialog", { class: "ask", "aria-labelledby": id }, form);

  /** What was asked last: an older answer is not shown over a newer one. */
  let asked = 0;
  let busy = false;
  async function see() {
    if (!look) return;
    asked += 1;
    const mine = asked;
    if (!shown.firstChild) fill(shown, h("p", { class: "hint" }, "Looking what it would do …"));
    try {
      const { nodes, warning = "" } = await look(anyway.checked);
      if (mine !== asked) return;
      fill(shown, nodes);
      tell(warning, true);
    } catch (fault) {
      if (mine !== asked) return;
      fill(shown);
      refuse(fault);
    }
  }
  function tell(sentence, forcible) {
    const stops = sentence !== "" && force && forcible;
    say(refused, sentence);
    show(refused, sentence !== "");
    if (stops) show(forced, true);
    act.disabled = stops && !anyway.checked;
  }
  /** Only what was decided against can be forced; who did not answer decided nothing. */
  function refuse(fault) {
    if (fault.name !== "Refused") throw fault;
    tell(fault.message, fault.status === 409);
  }
  anyway.addEventListener("change", () => {
    act.disabled = !anyway.checked && !refused.hidden;
    see();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (act.disabled || busy) return;
    busy = true;
    act.classList.add("busy");
    try {
      await go(anyway.checked);
      node.close();
      done();
    } catch (fault) {
      refuse(fault);
    } finally {
      busy = false;
      act.classList.remove("busy");
    }
  });
  node.addEventListener("close", () => node.remove());
  document.body.append(node);
  node.showModal();
  heading.focus({ preventScroll: true });
  see();
  return { again: see };
}

/** A labelled field. */
export function field(label, input, hint = "") {
  const id = uid("field");
  input.id = id;
  const note = hint && h("span", { class: "hint", id: `${id}-hint` }, hint);
  if (hint) input.setAttribute("aria-describedby", `${id}-hint`);
  return h("div", { class: "ask-field" }, h("label", { htmlFor: id }, label), input, note);
}
