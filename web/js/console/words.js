// How numbers, times and states are said. States are those of `fareway fleet status`.

const whole = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** A number; a dash where it is not known. */
export function number(value, unit = "") {
  return typeof value === "number" ? `${whole.format(value)}${unit}` : "–";
}

/** A time of day. */
export function timeOfDay(ms) {
  return clock.format(new Date(ms));
}

/** How long, in the largest unit that fits. */
export function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

const STANDINGS = {
  not_ready: { word: "not ready", tone: "warn", means: "says itself that it wants no work" },
  ejected: { word: "ejected", tone: "bad", means: "failed too often; the front door tries it again" },
  gone: { word: "gone", tone: "bad", means: "nothing answers there" },
};
const DRAINING = { word: "draining", tone: "warn", means: "finishes what it has and gets nothing new" };
const UP = { word: "up", tone: "good", means: "takes new work" };
const SEEN = {
  ready: UP,
  not_ready: STANDINGS.not_ready,
  unreachable: STANDINGS.gone,
  unknown: { word: "not looked at yet", tone: "warn", means: "the control plane was just started" },
};

/** How a cell stands: as the front door sees it, or the control plane where there is no such door. */
export function standing(cell, atDoor) {
  if (!atDoor) return cell.draining && cell.seen === "ready" ? DRAINING : SEEN[cell.seen] ?? SEEN.unknown;
  if (atDoor.standing !== "up") return STANDINGS[atDoor.standing] ?? STANDINGS.gone;
  if (cell.draining) return DRAINING;
  if (atDoor.share_percent < 100) return { word: `slow start ${atDoor.share_percent}%`, tone: "warn", means: "came back just now and gets a growing share of new work" };
  return UP;
}

/** What the control plane sees where it is not what the front door sees. */
export function otherView(cell, atDoor) {
  if (!atDoor || cell.seen === "unknown") return "";
  const door = { up: "ready", not_ready: "not_ready", gone: "unreachable" }[atDoor.standing];
  return door && door !== cell.seen ? `the control plane sees it ${SEEN[cell.seen]?.word ?? cell.seen}` : "";
}
