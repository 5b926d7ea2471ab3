// What an operator can do: the same requests as those of `fareway fleet drain`, `undrain`, `rollout`,
// `rollback`, `freeze` and `unfreeze`.

import { h } from "../core/dom.js";
import { act } from "./api.js";
import { askFirst, field } from "./ask_first.js";
import { number } from "./words.js";

const numberOf = (cell) => Number(/^cell-(\d+)$/.exec(cell)?.[1]);

/** Drains a cell, or lets it take work again. */
export function drain(cell, on, done) {
  const changes = [on ? { drain: numberOf(cell) } : { undrain: numberOf(cell) }];
  askFirst({
    title: on ? `Drain ${cell}?` : `Give ${cell} new work again?`,
    verb: on ? "Drain" : "Undrain",
    force: true,
    look: async () => {
      const plan = await act("plan", { changes });
      const means = on ? `${cell} finishes what it has and gets nothing new, until it is undrained; also over restarts.` : `${cell} gets its share of new work again.`;
      return { nodes: [h("p", {}, means), ...plan.capacity.map(capacityAfter)], warning: plan.refused ?? "" };
    },
    go: (force) => act("change", { changes, force }),
    done: () => done(on ? `${cell} is drained` : `${cell} gets new work again`),
  });
}

function capacityAfter({ region, peak, worst_before, worst_after, holds }) {
  const before = worst_before === null ? "" : ` (now ${number(worst_before)})`;
  return h("p", { class: holds ? "" : "ask-careful" }, `Region ${region}: the worst loss would leave ${number(worst_after)}${before} of a peak of ${number(peak)}. N+2 is ${holds ? "kept" : "not kept"}.`);
}

/** Moves cells to a release that is there; what differs is shown first. */
export function rollOut(release, done) {
  const input = (value, min, max) => h("input", { type: "number", value: String(value), min, max, required: true, inputmode: "numeric", on: { change: () => dialog.again() } });
  const bake = input(300, 1, 86_400);
  const warm = input(60, 0, 3_600);
  const requests = input(200, 0, 100_000_000);
  const out = input(20, 1, 50);
  const body = (force, dry_run) => ({
    to: release,
    settings: { bake_ms: bake.valueAsNumber * 1_000, warm_up_ms: warm.valueAsNumber * 1_000, requests_min: requests.valueAsNumber, out_percent: out.valueAsNumber },
    force,
    dry_run,
  });
  const dialog = askFirst({
    title: `Move all cells to ${release}?`,
    verb: "Begin the rollout",
    force: true,
    fields: [
      field("Watch each wave, seconds", bake),
      field("Warm up before counting, seconds", warm),
      field("Requests a wave needs", requests),
      field("Most of a region out at once, percent", out, "one cell at least"),
    ],
    look: async (force) => {
      const planned = await act("rollout", body(force, true));
      return { nodes: [differences(planned, release), waves(planned.waves), h("p", { class: "hint" }, "All go back by themselves if a cell of the new release is not ready, dies, or does worse than the cells beside it.")] };
    },
    go: (force) => act("rollout", body(force, false)),
    done: () => done(`the rollout to ${release} has begun`),
  });
}

function differences({ difference }, release) {
  if (!difference) return h("p", {}, `What differs is not known: ${release} is not there, or every cell runs it.`);
  if (difference.lines.length === 0) return h("p", {}, `Nothing differs between ${difference.from} and ${release} but the name.`);
  return h("div", {}, h("p", {}, `From ${difference.from} to ${release}:`), h("pre", { class: "diff", tabindex: "0", role: "region", "aria-label": "What differs" }, difference.lines.join("\n")));
}

/** The waves of a rollout as a list. */
function waves(list) {
  return h("ol", { class: "ask-waves" }, list.map((cells, index) => h("li", {}, `Wave ${index + 1}: ${cells.join(", ")}`)));
}

/** Sends the cells of the rollout back. */
export function rollBack(to, done) {
  const why = h("input", { type: "text", maxlength: 300, placeholder: "an operator said so" });
  askFirst({
    title: `Send the cells of the rollout to ${to} back?`,
    verb: "Roll back",
    fields: [field("Why, for those who read it later", why)],
    go: () => act("rollback", { why: why.value.trim() || null }),
    done: () => done("the rollout goes back"),
  });
}

/** Stops every change. */
export function freeze(done) {
  const why = h("input", { type: "text", maxlength: 300, required: true });
  askFirst({
    title: "Freeze all changes?",
    verb: "Freeze",
    fields: [field("Why, for those who read it later", why)],
    look: async () => ({ nodes: [h("p", {}, "No rollout moves and no change is made until it is unfrozen. Draining stays possible with force: a cell may do harm.")] }),
    go: () => act("freeze", { why: why.value.trim() || "an operator said so" }),
    done: () => done("all changes are frozen"),
  });
}

/** Allows changes again. */
export function unfreeze(why, done) {
  askFirst({
    title: "Allow changes again?",
    verb: "Unfreeze",
    look: async () => ({ nodes: [h("p", {}, `Frozen because: ${why}. A rollout that was held goes on.`)] }),
    go: () => act("freeze", { why: null }),
    done: () => done("changes are allowed again"),
  });
}
