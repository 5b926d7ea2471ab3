// What happened in the last hour, the newest first.

import { announce } from "../core/announce.js";
import { h } from "../core/dom.js";
import { keptList, say, show } from "./keep.js";
import { timeOfDay } from "./words.js";

const SHOWN_FIRST = 25;
const TONES = {
  cell_down: "bad", cell_not_ready: "warn", cell_restarted: "warn", cell_leaves: "warn", spot_notice: "bad",
  rollback: "bad", frozen: "warn", cell_back: "good", undrained: "good", unfrozen: "good", drained: "warn",
};

/** Builds the panel; `update(view)` brings it up to date and says aloud what is new. */
export function eventsPanel() {
  const none = h("p", { class: "hint" }, "Nothing happened.");
  const list = h("ol", { class: "events" });
  let all = false;
  let last = null;
  let view = null;
  const more = h("button", { type: "button", class: "link", on: { click: () => { all = true; update(view); } } });
  const node = h("section", { class: "panel" }, h("div", { class: "region-head" }, h("h2", {}, "Last hour")), none, list, more);
  const fresh = keptList(list, keyOf, row);

  function update(next) {
    view = next;
    const events = number(view.says?.events ?? []);
    show(none, events.length === 0);
    show(more, !all && events.length > SHOWN_FIRST);
    say(more, `Show all ${events.length}`);
    fresh(all ? events : events.slice(0, SHOWN_FIRST));
    const newest = events[0] ? keyOf(events[0]) : "";
    if (last !== null && newest !== "" && newest !== last) announce(events[0].sentence);
    last = newest;
  }
  return { node, update };
}

/** Equal sentences of one moment are told apart by a number, from the oldest on. */
function number(events) {
  const seen = new Map();
  const numbered = [...events].reverse().map((event) => {
    const name = `${event.at} ${event.sentence}`;
    const same = seen.get(name) ?? 0;
    seen.set(name, same + 1);
    return { ...event, same };
  });
  return numbered.reverse();
}

const keyOf = ({ at, sentence, same }) => `${at} ${sentence} ${same}`;

function row({ at, what, sentence }) {
  const node = h("li", { data: { tone: TONES[what] ?? "plain", what } },
    h("time", { datetime: new Date(at).toISOString() }, timeOfDay(at)), h("span", { class: "event-what" }, what.replaceAll("_", " ")), h("span", {}, sentence));
  return { node, update() {} };
}
