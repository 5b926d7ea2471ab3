// What every scenario needs: a browser, pages that are watched, checks that are counted, axe, pictures.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const LOCAL = new Set(["127.0.0.1", "localhost", "[::1]"]);
const SERIOUS = new Set(["serious", "critical"]);

/** Starts the browser. `fake` console messages are those a scenario provokes on purpose. */
export async function start({ base, out, executable }) {
  mkdirSync(out, { recursive: true });
  const browser = await chromium.launch({ executablePath: executable, args: FLAGS });
  const tally = { passed: 0, failed: 0 };
  const strays = [];
  const complaints = [];

  function say(ok, sentence, detail) {
    tally[ok ? "passed" : "failed"] += 1;
    console.log(`${ok ? "ok  " : "FAIL"} ${sentence}${!ok && detail !== undefined ? `: ${detail}` : ""}`);
  }

  /** Opens a watched page in a context of its own. */
  async function open({ width = 1280, height = 900, settings = { locale: "en-GB", market: "GB", currency: "GBP" }, dark = false, touch = false, provoked = [] } = {}) {
    const context = await browser.newContext({ viewport: { width, height }, locale: "en-GB", colorScheme: dark ? "dark" : "light", hasTouch: touch, reducedMotion: "reduce" });
    // Only where nothing is remembered yet: a choice made in the scenario must survive a reload.
    await context.addInitScript((text) => { if (!localStorage.getItem("fareway.settings")) localStorage.setItem("fareway.settings", text); }, JSON.stringify(settings));
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (/^(https?|wss?):$/.test(url.protocol) && !LOCAL.has(url.hostname)) strays.push(request.url());
    });
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error" && !provoked.some((shape) => shape.test(message.text()))) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.setDefaultTimeout(20_000);
    return page;
  }

  /** Runs axe on the page as it stands. */
  async function axe(page, where) {
    await page.evaluate(`if (!window.axe) { ${AXE} }`);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    const bad = violations.filter((violation) => SERIOUS.has(violation.impact));
    say(bad.length === 0, `axe finds nothing serious in ${where}`, bad.map((violation) => `${violation.id} (${violation.nodes.slice(0, 3).map((node) => node.target.join(" ")).join("; ")})`).join(", "));
  }

  /** Checks that nothing sticks out sideways. */
  async function fits(page, where) {
    const { scroll, inner } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, inner: innerWidth }));
    say(scroll <= inner, `${where} fits the width of the screen`, `${scroll} > ${inner}`);
  }

  function picture(page, name) {
    return page.screenshot({ path: join(out, `${name}.png`) });
  }

  /** Runs a scenario; an exception fails it without ending the run. */
  async function scenario(name, run) {
    try {
      await run();
    } catch (error) {
      say(false, `${name} runs to its end`, String(error.message ?? error).split("\n").slice(0, 3).join(" "));
    }
  }

  async function finish() {
    say(strays.length === 0, "no request leaves this machine", [...new Set(strays)].slice(0, 5).join(", "));
    say(complaints.length === 0, "the console shows no error", [...new Set(complaints)].slice(0, 5).join(" | "));
    await browser.close();
    console.log(`${tally.passed} passed, ${tally.failed} failed`);
    return tally.failed === 0;
  }

  return { base, out, check: say, open, axe, fits, picture, scenario, finish };
}

/** A day some days from now, as ISO text. */
export function inDays(days) {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}

/** Address of a return search. */
export function searchAddress(base, { from = "EDI", to = "SIN", out = 60, back = 74, extra = "" } = {}) {
  return `${base}/search?from=${from}&to=${to}&depart=${inDays(out)}&return=${inDays(back)}&adults=1&market=GB&currency=GBP${extra}`;
}

/** Waits until the search on the page is over. */
export function over(page) {
  return page.waitForSelector(".progress[data-status]:not(.live)", { timeout: 40_000 });
}

/** What the cards on the page say of themselves. */
export function cards(page) {
  return page.$$eval(".card", (nodes) => nodes.map(({ dataset }) => ({ id: dataset.id, price: dataset.price === "" ? Infinity : Number(dataset.price), duration: Number(dataset.duration), stops: Number(dataset.stops) })));
}

/** Whether numbers never fall. */
export function ascending(numbers) {
  return numbers.every((number, index) => index === 0 || numbers[index - 1] <= number);
}
