// One view of two: what the front door sees of cells, and what the control plane says of the fleet.
// If that never spoke, the tree is made of what the door sees.

/** Joins the answer of `GET /v1/fleet`. */
export function viewOf(fleet) {
  const control = fleet.control ?? {};
  const says = control.says ?? null;
  const atDoor = new Map((fleet.cells ?? []).map((cell) => [cell.cell, cell]));
  const regions = says?.regions ?? regionsOf(fleet);
  const cells = regions.flatMap((region) => region.zones.flatMap((zone) => zone.cells));
  const silent = control.answers !== true;
  return {
    says, atDoor, regions, cells, silent,
    /** How old what the control plane says is, milliseconds; `null`: it never spoke. */
    age: control.age_ms ?? null,
    at: (says?.at ?? Date.now()) + (control.age_ms ?? 0),
    changeable: !silent && says !== null && says.read_only === null,
    door: fleet,
  };
}

function regionsOf(fleet) {
  const regions = new Map();
  for (const cell of fleet.cells ?? []) {
    if (!regions.has(cell.region)) regions.set(cell.region, new Map());
    const zones = regions.get(cell.region);
    if (!zones.has(cell.zone)) zones.set(cell.zone, []);
    zones.get(cell.zone).push({ cell: cell.cell, address: cell.address, seen: "unknown", draining: cell.draining, weight: cell.weight, tested_max: null, release: cell.version, says: null });
  }
  return [...regions].map(([region, zones]) => ({ region, capacity: null, zones: [...zones].map(([zone, cells]) => ({ zone, cells })) }));
}
