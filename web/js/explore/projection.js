// Where a place lies on `/img/world.svg`. The numbers are those of the script that draws it,
// `xtask/atlas/world.py`.

const UNITS_X = 2;
const UNITS_Y = 2.3;
const NORTH = 84;
const SOUTH = -56;

export const WIDTH = 360 * UNITS_X;
export const HEIGHT = Math.round((NORTH - SOUTH) * UNITS_Y);

/** Units from the west and north edge; places beyond an edge lie on it. */
export function project({ latitude, longitude }) {
  const inside = Math.min(NORTH, Math.max(SOUTH, latitude));
  return { x: (longitude + 180) * UNITS_X, y: (NORTH - inside) * UNITS_Y };
}
