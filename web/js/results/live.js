// Follows a growing search. Server-sent events first; if they are refused, break, or stay silent, the
// search is polled once a second instead. Either way the caller gets the same four calls.

import { eventsUrl, readSearch } from "../core/api.js";

const SILENCE_MS = 4_000;
const POLL_MS = 1_000;
const POLLS_MAX = 120;

/** Starts following; the answer is a function that stops it. */
export function follow(token, { onProgress, onNews, onComplete, onFault }) {
  let over = false;
  let polling = false;
  let silence = 0;
  let version = null;
  const source = new EventSource(eventsUrl(token));

  function parse(event) {
    try {
      return JSON.parse(event.data);
    } catch {
      return null;
    }
  }

  function heard() {
    clearTimeout(silence);
    silence = setTimeout(poll, SILENCE_MS);
  }

  function end() {
    over = true;
    clearTimeout(silence);
    source.close();
  }

  source.addEventListener("progress", (event) => {
    heard();
    const progress = parse(event);
    if (!progress || over) return;
    onProgress(progress);
    // An answer without new itineraries may still bring better prices.
    if (progress.status !== "incomplete") finish();
    else if (progress.version !== version) {
      version = progress.version;
      onNews();
    }
  });
  source.addEventListener("partner", heard);
  source.addEventListener("offers", heard);
  source.addEventListener("complete", () => finish());
  source.addEventListener("error", () => {
    // CONNECTING means the browser resumes by itself with Last-Event-ID; CLOSED means it gave up.
    if (!over && source.readyState === EventSource.CLOSED) poll();
  });
  heard();

  function finish() {
    if (over) return;
    end();
    onComplete();
  }

  async function poll() {
    if (over || polling) return;
    polling = true;
    source.close();
    clearTimeout(silence);
    for (let turn = 0; turn < POLLS_MAX && !over; turn += 1) {
      try {
        const { status, partners, total } = await readSearch(token, new URLSearchParams({ limit: "1" }));
        if (over) return;
        onProgress({ status, partners, total });
        if (status !== "incomplete") {
          finish();
          return;
        }
        onNews();
      } catch (fault) {
        if (over) return;
        if (fault.code !== "offline" && fault.code !== "timeout") {
          end();
          onFault(fault);
          return;
        }
      }
      await new Promise((resume) => { setTimeout(resume, POLL_MS); });
    }
  }

  return end;
}
