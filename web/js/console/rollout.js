// The rollout that goes on, or the last one: waves, verdict and what it rests on, what happened; and
// the buttons that begin one, send it back, freeze and unfreeze.

import { fill, h, uid } from "../core/dom.js";
import { freeze, rollBack, rollOut, unfreeze } from "./changes.js";
import { keptList, mark, say, show } from "./keep.js";
import { number, span, timeOfDay } from "./words.js";

const STAGES = {
  moving: ["cells move", "warn"],
  baking: ["watched", "warn"],
  returning: ["going back", "bad"],
  done: ["done", "good"],
  returned: ["went back", "bad"],
};

/** Builds the panel; `update(view)` brings it up to date. */
export function rolloutPanel(done) {
  const title = h("h2", {}, "Rollout");
  const stage = h("span", { class: "pill" });
  const about = h("p", {});
  const why = h("p", { class: "careful" });
  const waves = h("ol", { class: "waves" });
  const verdict = h("div", { class: "verdict" });
  const bakes = h("p", {});
  const questions = h("tbody", {});
  fill(verdict, bakes, h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "What is judged" }, h("table", {},
    h("caption", { class: "sr-only" }, "The new release beside the old one"),
    h("thead", {}, h("tr", {}, ["What is judged", "New", "Old", "Worse from", "Verdict"].map((text) => h("th", { scope: "col" }, text)))), questions)));
  const notes = h("ol", { class: "notes" });
  const story = h("details", {}, h("summary", {}, "What happened in it"), notes);

  let shown = null;
  let frozen = null;
  const select = h("select", { id: uid("release") });
  const begin = h("button", { type: "button", class: "btn small", on: { click: () => select.value && rollOut(select.value, done) } }, "Show what it changes …");
  const start = h("div", { class: "roll-start" }, h("label", { htmlFor: select.id }, "Move cells to release"), select, begin);
  const none = h("p", { class: "hint" }, "There is no other release. On the machine, ", h("code", {}, "fareway fleet rollout --make"), " makes one of its files.");
  const back = h("button", { type: "button", class: "btn small", on: { click: () => rollBack(shown?.to, done) } }, "Roll back …");
  const ice = h("button", { type: "button", class: "btn small", on: { click: () => (frozen ? unfreeze(frozen.why, done) : freeze(done)) } });
  const buttons = h("div", { class: "roll-buttons" }, back, ice);
  const alone = h("p", { class: "note" });
  const node = h("section", { class: "panel" }, h("div", { class: "region-head" }, title, stage), alone, about, why, waves, verdict, story, start, none, buttons);

  const updateWaves = keptList(waves, (_, index) => index, waveRow);
  const updateQuestions = keptList(questions, (one) => one.question, questionRow);
  const updateNotes = keptList(notes, ({ at, note }) => `${at} ${note}`, noteRow);
  return {
    node,
    update(view) {
      const { rollout, last_rollout, releases, read_only } = view.says ?? {};
      shown = rollout ?? last_rollout ?? null;
      frozen = view.says?.frozen ?? null;
      show(alone, Boolean(read_only));
      say(alone, read_only ?? "");
      for (const part of [stage, waves, story]) show(part, shown !== null);
      show(verdict, Boolean(shown?.bake));
      show(why, Boolean(shown?.why));
      show(about, !read_only);
      say(about, "No cell was moved to another release yet.");
      if (shown) {
        const [word, tone] = STAGES[shown.stage] ?? [shown.stage, "warn"];
        say(stage, word);
        mark(stage, "data-tone", tone);
        say(about, `${rollout ? "To" : "The last one: to"} ${shown.to}, begun ${span(view.at - shown.began)} ago; wave ${shown.wave} of ${shown.waves.length}.${frozen && rollout ? " It is held: all changes are frozen." : ""}`);
        say(why, shown.why ? `Because: ${shown.why}` : "");
        updateWaves(shown.waves.map((cells, index) => ({ cells, index, shown })));
        updateNotes([...shown.notes].reverse());
      }
      if (shown?.bake) {
        const { counts_from, until, requests, requests_min } = shown.bake;
        const when = view.at < counts_from ? `warms up for ${span(counts_from - view.at)} more` : view.at < until ? `is watched for ${span(until - view.at)} more` : "was watched long enough";
        say(bakes, `Wave ${shown.wave} ${when}; ${number(requests)} of the ${number(requests_min)} requests that it needs.`);
        updateQuestions(shown.bake.questions);
      }
      const others = (releases ?? []).filter(({ name }) => view.cells.some((cell) => cell.release !== name));
      show(start, view.changeable && !rollout && others.length > 0);
      show(none, view.changeable && !rollout && others.length === 0);
      options(select, others, view.at);
      show(buttons, view.changeable);
      show(back, Boolean(rollout) && rollout.stage !== "returning");
      say(ice, frozen ? "Unfreeze …" : "Freeze all changes …");
    },
  };
}

/** The newest release first; what was chosen stays chosen. */
function options(select, releases, at) {
  const wanted = [...releases].reverse();
  const names = wanted.map(({ name }) => name).join("|");
  if (select.dataset.names === names) return;
  const chosen = select.value;
  select.dataset.names = names;
  fill(select, wanted.map(({ name, made }) => h("option", { value: name }, `${name}, made ${span(at - made)} ago`)));
  if (wanted.some(({ name }) => name === chosen)) select.value = chosen;
}

function waveRow() {
  const node = h("li", {});
  return {
    node,
    update({ cells, index, shown }) {
      const number = index + 1;
      const over = shown.stage === "done" || number < shown.wave;
      const current = number === shown.wave && !["done", "returned"].includes(shown.stage);
      mark(node, "data-state", over ? "over" : current ? "now" : "todo");
      mark(node, "aria-current", current ? "step" : null);
      say(node, `Wave ${number}: ${cells.join(", ")}${over ? " (passed)" : current ? ` (${STAGES[shown.stage]?.[0] ?? "now"})` : ""}`);
    },
  };
}

function questionRow() {
  const what = h("th", { scope: "row" });
  const [fresh, old, limit, verdict] = [0, 1, 2, 3].map(() => h("td", {}));
  return {
    node: h("tr", {}, what, fresh, old, limit, verdict),
    update(one) {
      say(what, one.what);
      say(fresh, number(one.new_percent, "%"));
      say(old, number(one.old_percent, "%"));
      say(limit, number(one.limit_percent, "%"));
      const chance = one.chance === null ? "" : ` (chance ${one.chance.toExponential(1)})`;
      say(verdict, `${one.worse ? "worse" : one.chance === null ? "no worse" : "not certain yet"}${chance}`);
    },
  };
}

function noteRow({ at, note }) {
  return { node: h("li", {}, h("time", { datetime: new Date(at).toISOString() }, timeOfDay(at)), " ", note), update() {} };
}
