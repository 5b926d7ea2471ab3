// Speaks to screen readers without flooding them: at most one sentence in two seconds, the newest wins.

const GAP_MS = 2_000;
let waiting = null;
let timer = 0;
let spokenAt = 0;

/** Says a sentence politely. */
export function announce(sentence) {
  waiting = sentence;
  if (timer) return;
  const delay = Math.max(0, spokenAt + GAP_MS - performance.now());
  timer = setTimeout(() => {
    timer = 0;
    spokenAt = performance.now();
    const region = document.getElementById("announcer");
    if (region && waiting !== region.textContent) region.textContent = waiting;
  }, delay);
}
