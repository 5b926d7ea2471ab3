// The operator's page of cells: signs in, asks every two seconds, shows what is new.

import { announce } from "../core/announce.js";
import { fill, h, uid } from "../core/dom.js";
import { fleet, keep, token } from "./api.js";
import { cellMap } from "./cells.js";
import { eventsPanel } from "./events.js";
import { mark, say, show } from "./keep.js";
import { rolloutPanel } from "./rollout.js";
import { viewOf } from "./view.js";
import { number, span } from "./words.js";

const EVERY_MS = 2_000;
/** In the background nobody looks. */
const HIDDEN_MS = 15_000;

const main = document.getElementById("main");
const banner = document.getElementById("banner");
const signOut = document.getElementById("sign-out");
/** The page on screen: each sign-in begins a new one, and answers to an older one are dropped. */
let round = 0;
let timer = 0;

signOut.addEventListener("click", () => {
  keep(null);
  signIn("");
});

/** Asks for the operator's token. */
function signIn(wrong) {
  round += 1;
  clearTimeout(timer);
  show(signOut, false);
  show(banner, false);
  const id = uid("token");
  const input = h("input", { id, type: "password", autocomplete: "off", spellcheck: "false", required: true, "aria-describedby": `${id}-hint` });
  const error = h("p", { class: "ask-refused", role: "alert", hidden: wrong === "" }, wrong);
  const form = h("form", { class: "sign-in", on: { submit: (event) => {
    event.preventDefault();
    keep(input.value.trim());
    begin();
  } } },
  h("h1", {}, "Cells"),
  h("label", { htmlFor: id }, "Operator token"), input,
  h("p", { class: "hint", id: `${id}-hint` }, "The file operator.token in the data folder, which the first start made. It is kept for this tab only."),
  error, h("button", { type: "submit", class: "btn primary" }, "Sign in"));
  fill(main, h("div", { class: "wrap" }, form));
  input.focus();
}

/** Builds the page and asks until somebody signs out. */
function begin() {
  round += 1;
  const mine = round;
  const live = h("p", { class: "live" });
  const door = h("p", { class: "hint" });
  const done = (sentence) => {
    announce(sentence);
    look();
  };
  const [map, rollout, events] = [cellMap(done), rolloutPanel(done), eventsPanel()];
  const node = h("div", { class: "wrap board" }, h("div", { class: "board-head" }, h("h1", {}, "Cells"), live), door, map.node, h("div", { class: "panels" }, rollout.node, events.node));
  let built = false;
  let asking = false;
  /** When the front door answered last. */
  let answered = 0;

  async function look() {
    if (asking || mine !== round) return;
    asking = true;
    clearTimeout(timer);
    try {
      const view = viewOf(await fleet());
      if (mine !== round) return;
      answered = Date.now();
      if (!built) {
        built = true;
        fill(main, node);
        main.focus({ preventScroll: true });
        show(signOut, true);
      }
      for (const part of [map, rollout, events]) part.update(view);
      say(door, doorLine(view.door));
      tell(view);
    } catch (fault) {
      if (mine !== round) return;
      if (fault.status === 401 || fault.status === 403) {
        keep(null);
        signIn("This is not the operator token.");
        return;
      }
      if (fault.name !== "Refused") console.error(fault);
      const sentence = fault.name === "Refused" ? fault.message : "The answer cannot be shown.";
      const age = span(Date.now() - answered);
      if (built) stale(sentence, `What is shown was so ${age} ago.`, `as of ${age} ago`);
      else stale(sentence, "It is asked again every two seconds.", "");
    } finally {
      asking = false;
    }
    if (mine === round) timer = setTimeout(look, document.hidden ? HIDDEN_MS : EVERY_MS);
  }

  function tell(view) {
    const frozen = view.says?.frozen;
    if (view.silent) {
      const known = view.age !== null;
      const more = known ? `What it said ${span(view.age)} ago is shown.` : "It never spoke, so only what the front door sees is shown.";
      stale("The control plane is silent: front door and cells go on, nothing can be changed.", more, known ? `as of ${span(view.age)} ago` : "front door only");
      return;
    }
    if (node.hasAttribute("data-stale")) announce("What is shown is live again.");
    mark(node, "data-stale", null);
    say(live, "live");
    mark(live, "data-tone", "good");
    say(banner, frozen ? `All changes are frozen since ${span(view.at - frozen.since)}: ${frozen.why}` : "");
    show(banner, Boolean(frozen));
  }

  /** Marks all of it as old. It is said aloud once, not every two seconds. */
  function stale(sentence, more, since) {
    if (!node.hasAttribute("data-stale")) announce(sentence);
    mark(node, "data-stale", "");
    say(live, since);
    mark(live, "data-tone", "bad");
    say(banner, `${sentence} ${more}`);
    show(banner, true);
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) look();
  });
  fill(main, h("div", { class: "wrap board" }, h("h1", {}, "Cells"), h("p", { class: "hint" }, "Asking the front door …")));
  look();
}

/** What the front door says of itself. */
function doorLine({ version, in_flight, turned_away_late, moved, cache }) {
  if (typeof in_flight !== "number") return "";
  const late = Object.values(turned_away_late ?? {}).reduce((sum, count) => sum + count, 0);
  const kept = cache ? `, ${number(cache.addresses)} answers kept` : "";
  return `Front door: topology ${version}, ${number(in_flight)} requests in flight, ${number(moved)} searches moved to another cell, ${number(late)} turned away late${kept}.`;
}

if (token()) begin();
else signIn("");
