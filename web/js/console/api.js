// Asks the front door as the operator. The token is kept for this tab only, and goes nowhere but into
// a header: no address, no cookie, so no other site can act in the operator's name.

const KEY = "fareway.operator";
const HEADER = "x-fareway-operator";
const SEEN_WITHIN_MS = 8_000;
const DONE_WITHIN_MS = 20_000;

/** The token of this tab, if the operator gave one. */
export function token() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return kept;
  }
}

/** Where storage is refused, the token lasts as long as the page. */
let kept = null;

/** Remembers a token; `null` forgets it. */
export function keep(value) {
  kept = value;
  try {
    if (value === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, value);
  } catch {
    // Kept above.
  }
}

/** Something that was not answered as hoped. `status` 0: there was no answer at all. */
export class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.name = "Refused";
    this.status = status;
  }
}

/** What the front door and the control plane know. */
export function fleet() {
  return ask("GET", "/v1/fleet", undefined, SEEN_WITHIN_MS);
}

/** Asks for something to be done, or what it would do: `plan`, `change`, `rollout`, `rollback`, `freeze`. */
export function act(what, body) {
  return ask("POST", `/v1/fleet/${what}`, JSON.stringify(body), DONE_WITHIN_MS);
}

async function ask(method, path, body, within) {
  const headers = { accept: "application/json" };
  // What cannot stand in a header cannot be the token; without it the door says so.
  if (/^[\x21-\x7e]+$/.test(token() ?? "")) headers[HEADER] = token();
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer;
  let value;
  try {
    answer = await fetch(path, { method, headers, body, cache: "no-store", credentials: "omit", redirect: "error", signal: AbortSignal.timeout(within) });
    value = await answer.json();
  } catch {
    if (answer && !answer.ok) throw new Refused(answer.status, `The front door answered ${answer.status}.`);
    throw new Refused(0, method === "GET" ? "The front door does not answer." : "There was no answer; look whether it was done.");
  }
  if (!answer.ok) throw new Refused(answer.status, sentenceOf(value));
  return value;
}

function sentenceOf(problem) {
  const text = [problem?.detail, problem?.title].find((part) => typeof part === "string" && part) ?? "The request was refused.";
  const field = typeof problem?.field === "string" && problem.field && !text.startsWith(problem.field) ? `${problem.field}: ` : "";
  return `${field}${text}`;
}
