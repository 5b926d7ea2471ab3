// Cheap, typical or dear: thirds of the prices that are on screen together. A verdict needs at least
// three different prices; below that every price is only "seen".

const DIFFERENT_MIN = 3;

/** Answers a function from a price to `low`, `mid`, `high` or `seen`. */
export function levelsOf(prices) {
  const sorted = [...prices].sort((one, two) => one - two);
  if (new Set(sorted).size < DIFFERENT_MIN) return () => "seen";
  const third = (part) => sorted[Math.max(0, Math.ceil((sorted.length * part) / 3) - 1)];
  const [low, mid] = [third(1), third(2)];
  return (price) => (price <= low ? "low" : price <= mid ? "mid" : "high");
}
