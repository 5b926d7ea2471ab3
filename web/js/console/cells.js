// The map: regions, their zones, and in each zone its cells. Only what changed is touched.

import { h } from "../core/dom.js";
import { drain } from "./changes.js";
import { keptList, mark, say, show } from "./keep.js";
import { number, otherView, span, standing } from "./words.js";

/** Builds the map; `update(view)` brings it up to date. `done` is told what was done. */
export function cellMap(done) {
  const node = h("div", { class: "regions" });
  const update = keptList(node, (region) => region.region, () => regionBox(done));
  return { node, update: (view) => update(view.regions.map((region) => ({ ...region, view }))) };
}

function regionBox(done) {
  const name = h("h2", {});
  const plan = h("p", { class: "plan" });
  const holds = h("span", { class: "pill" });
  const losses = h("tbody", {});
  const every = h("details", { class: "losses" },
    h("summary", {}, "What every loss would leave"),
    h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Lost"), h("th", { scope: "col" }, "The others carry"))), losses));
  const zones = h("div", { class: "zones" });
  const node = h("section", { class: "region" }, h("div", { class: "region-head" }, name, holds), plan, zones, every);
  const updateZones = keptList(zones, (zone) => zone.zone, () => zoneBox(done));
  const updateLosses = keptList(losses, (loss) => loss.lost.join(" "), () => lossRow());
  return {
    node,
    update({ region, capacity, zones: list, view }) {
      say(name, `Region ${region}`);
      show(holds, capacity !== null);
      show(plan, capacity !== null);
      show(every, capacity !== null);
      if (capacity) {
        const { peak, serving, after_worst_loss, ratio } = capacity;
        say(holds, capacity.holds ? "N+2 is kept" : "N+2 is not kept");
        mark(holds, "data-tone", capacity.holds ? "good" : "bad");
        say(plan, `Serving ${number(serving)} for a peak of ${number(peak)}; the worst loss that must be survivable leaves ${number(after_worst_loss)} (${number(ratio)} times the peak).`);
        updateLosses(capacity.losses.map((loss) => ({ ...loss, peak })));
      }
      updateZones(list.map((zone) => ({ ...zone, view })));
    },
  };
}

function lossRow() {
  const lost = h("th", { scope: "row" });
  const remaining = h("td", {});
  return {
    node: h("tr", {}, lost, remaining),
    update(loss) {
      say(lost, loss.lost.length > 0 ? loss.lost.join(" and ") : "none more: two are out already");
      say(remaining, `${number(loss.remaining)}${loss.remaining < loss.peak ? ", less than the peak" : ""}`);
    },
  };
}

function zoneBox(done) {
  const name = h("h3", {});
  const cells = h("ul", { class: "cells" });
  const update = keptList(cells, (cell) => cell.cell, (cell) => cellCard(cell.cell, done));
  return {
    node: h("div", { class: "zone" }, name, cells),
    update({ zone, cells: list, view }) {
      say(name, `Zone ${zone}`);
      update(list.map((cell) => ({ ...cell, view })));
    },
  };
}

const FACTS = [
  ["Requests/s", "requests"], ["Searches/s", "searches"], ["Failed", "failed"], ["Turned away", "refused"],
  ["p50", "p50"], ["p99", "p99"], ["Late by", "late"], ["Running searches", "running"],
  ["In flight", "flight"], ["Weight", "weight"], ["Release", "release"], ["Since", "since"],
];

function cellCard(name, done) {
  const state = h("span", { class: "pill" });
  const note = h("p", { class: "cell-note" });
  const values = Object.fromEntries(FACTS.map(([, key]) => [key, h("dd", {})]));
  const facts = h("dl", { class: "facts" }, FACTS.map(([label, key]) => h("div", {}, h("dt", {}, label), values[key])));
  let drained = false;
  const button = h("button", { type: "button", class: "btn small", on: { click: () => drain(name, !drained, done) } });
  const node = h("li", { class: "cell", data: { cell: name } }, h("div", { class: "cell-head" }, h("h4", {}, name), state), note, facts, button);
  return {
    node,
    update(cell) {
      const { view } = cell;
      const atDoor = view.atDoor.get(name);
      const now = standing(cell, atDoor);
      say(state, now.word);
      mark(state, "data-tone", now.tone);
      mark(state, "title", now.means);
      const said = notes(cell, atDoor);
      say(note, said);
      show(note, said !== "");
      for (const [key, text] of Object.entries(factsOf(cell, atDoor, view))) say(values[key], text);
      drained = cell.draining;
      show(button, view.changeable);
      say(button, drained ? `Undrain ${name}` : `Drain ${name}`);
    },
  };
}

function notes({ says, ...cell }, atDoor) {
  const leaves = { spot: "its machine is taken away", told: "it was told to end" }[says?.leaving] ?? "";
  const silent = says || !cell.address ? "" : "it says nothing of itself";
  return [otherView(cell, atDoor), leaves, silent].filter(Boolean).join("; ");
}

function factsOf(cell, atDoor, view) {
  const says = cell.says;
  const rates = says?.rates;
  const runs = says?.release ?? cell.release;
  return {
    requests: number(rates?.requests_per_second),
    searches: number(rates?.searches_per_second),
    failed: number(rates?.failed_percent, "%"),
    refused: number(rates?.refused_percent, "%"),
    p50: number(rates?.p50_ms, " ms"),
    p99: number(rates?.p99_ms, " ms"),
    late: number(says?.late_ms, " ms"),
    running: number(says?.running),
    flight: number(atDoor?.in_flight),
    weight: number(cell.weight),
    release: runs === cell.release ? runs : `${runs} → ${cell.release}`,
    since: says ? span(view.at - says.process) : "–",
  };
}
