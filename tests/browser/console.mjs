// The operator's page: signing in, a fleet of one, a fleet of three that is drained, frozen and cut off.

import { readFileSync } from "node:fs";
import { rollout } from "./rollout.mjs";

/** The browser notes refused requests in its console; here they are the point. */
const PROVOKED = [/Failed to load resource/, /ERR_FAILED|ERR_INTERNET_DISCONNECTED/];

export async function consolePage({ alone, fleet, check, open, axe, fits, picture, scenario }) {
  const page = await open({ provoked: PROVOKED });
  await scenario("signing in", async () => {
    await page.goto(`${alone.base}/console/cells`);
    await page.waitForSelector(".sign-in");
    check((await page.evaluate(() => document.activeElement.type)) === "password", "the field for the token has the focus");
    await axe(page, "the sign-in");
    await page.keyboard.type("0123");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".sign-in [role=alert]:not([hidden])");
    check((await page.locator(".sign-in [role=alert]").innerText()).includes("not the operator token"), "another token is refused in a sentence");
    await signIn(page, alone);
    check(await tokenIsHidden(page, alone), "the token is in no address, no cookie and nothing that outlives the tab");
  });

  await scenario("a fleet of one", async () => {
    await page.waitForSelector('[data-cell="cell-1"]');
    check((await page.locator(".cell .pill").innerText()) === "up", "one process is shown as one cell");
    check((await page.locator(".board button:visible").count()) === 0, "nothing can be changed there");
    check((await page.locator(".panel .note").innerText()).includes("fareway serve --cells 3"), "it says why");
    await axe(page, "the console of one process");
    await page.click("#sign-out");
    await page.waitForSelector(".sign-in");
    await page.reload();
    await page.waitForSelector(".sign-in");
    check(true, "who signs out is signed out");
  });
  await page.context().close();
  if (fleet) await ofFleet(fleet, { check, open, axe, fits, picture, scenario });
}

async function ofFleet(fleet, { check, open, axe, fits, picture, scenario }) {
  const page = await open({ provoked: PROVOKED });
  await page.goto(`${fleet.base}/console/cells`);
  await scenario("the map", async () => {
    await signIn(page, fleet);
    await page.waitForFunction(() => document.querySelectorAll('.cell .pill[data-tone="good"]').length === 3);
    check((await page.locator(".region .region-head .pill").first().innerText()) === "N+2 is kept", "the capacity plan is shown");
    await axe(page, "the map of cells");
    await picture(page, "console");
    const marked = await page.evaluate(async () => {
      const button = document.querySelector('[data-cell="cell-2"] button');
      button.focus();
      const nodes = [...document.querySelectorAll(".cell, .cell dd, .events li")];
      await new Promise((done) => setTimeout(done, 4_500));
      return document.activeElement === button && nodes.every((node) => node.isConnected);
    });
    check(marked, "a refresh keeps the focus and every element");
  });

  await scenario("draining by keyboard", async () => {
    await page.locator('[data-cell="cell-2"] button').focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector(".ask .ask-shown >> text=/worst loss would leave/");
    await axe(page, "the question before a drain");
    await picture(page, "console-drain");
    await page.keyboard.press("Escape");
    await page.waitForSelector(".ask", { state: "detached" });
    check((await stateOf(page, 2)) === "up", "Escape does nothing");
    check(await page.evaluate(() => document.activeElement.closest("[data-cell]")?.dataset.cell === "cell-2"), "and gives the focus back");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".ask .btn.primary:enabled");
    await page.waitForSelector(".ask .ask-shown >> text=/worst loss would leave/");
    await page.locator(".ask .btn.primary").press("Enter");
    await page.waitForFunction(() => document.querySelector('[data-cell="cell-2"] .pill').textContent === "draining");
    await page.waitForSelector(".events >> text=/cell-2 is drained/");
    check(true, "a drain is made after it was confirmed, and stands in the last hour");
  });

  await scenario("a refused drain", async () => {
    await page.locator('[data-cell="cell-3"] button').click();
    await page.waitForSelector(".ask-refused:not([hidden])");
    check((await page.locator(".ask-refused").innerText()).includes("after one further loss 0"), "what breaks N+2 is refused in a sentence");
    check(await page.locator(".ask .btn.primary").isDisabled(), "and not done");
    await axe(page, "a refusal");
    await page.locator(".ask-force input").check();
    await page.waitForSelector(".ask .btn.primary:enabled");
    await page.locator(".ask .btn.primary").click();
    await page.waitForFunction(() => document.querySelector('[data-cell="cell-3"] .pill').textContent === "draining");
    await page.waitForFunction(() => document.querySelector(".region-head .pill").textContent === "N+2 is not kept");
    check(true, "force does it all the same");
    for (const cell of [2, 3]) {
      await page.locator(`[data-cell="cell-${cell}"] button`).click();
      await page.waitForSelector(".ask .ask-shown >> text=/worst loss would leave/");
      await page.locator(".ask .btn.primary").click();
      await page.waitForSelector(".ask", { state: "detached" });
      await page.waitForFunction((name) => document.querySelector(`[data-cell="${name}"] .pill`).textContent === "up", `cell-${cell}`);
    }
  });

  await scenario("freezing", async () => {
    await page.locator(".roll-buttons button:visible").last().click();
    await page.locator(".ask-field input").fill("a holiday");
    await page.locator(".ask .btn.primary").click();
    await bannerSays(page, "frozen since .* a holiday");
    await axe(page, "a frozen fleet");
    await page.locator(".roll-buttons button:visible").last().click();
    await page.locator(".ask .btn.primary").click();
    await page.waitForSelector("#banner", { state: "hidden" });
    check(true, "all is frozen, with the reason in sight, and free again");
  });

  await scenario("a rollout and the way back", () => rollout(page, fleet, { check, axe, picture }));

  await scenario("silence", async () => {
    // What an edge says when the control plane is gone.
    await page.route("**/v1/fleet", async (route) => {
      const answer = await route.fetch();
      const value = await answer.json();
      await route.fulfill({ response: answer, json: { ...value, control: { ...value.control, answers: false, age_ms: 12_000 } } });
    });
    await bannerSays(page, "control plane is silent.*12 s ago");
    check((await page.locator(".live").innerText()) === "as of 12 s ago" && (await page.locator(".cell button:visible").count()) === 0, "what a silent control plane said is marked as old, and nothing can be changed");
    await axe(page, "a console that is behind");
    await picture(page, "console-stale");
    await page.unroute("**/v1/fleet");
    await page.route("**/v1/fleet", (route) => route.abort());
    await bannerSays(page, "front door does not answer");
    check((await page.locator(".cell").count()) === 3, "without the front door, what was known last stays in sight");
    await page.unroute("**/v1/fleet");
    await page.waitForFunction(() => document.querySelector(".live").textContent === "live");
    check(true, "and all is live again when it is back");
    check(await tokenIsHidden(page, fleet), "the token went nowhere");
  });
  await page.context().close();

  for (const [width, dark] of [[390, false], [360, true]]) {
    const phone = await open({ width, height: 780, touch: true, dark });
    await scenario(`the console at ${width} px`, async () => {
      await phone.goto(`${fleet.base}/console/cells`);
      await signIn(phone, fleet);
      await phone.waitForSelector('[data-cell="cell-3"]');
      await fits(phone, `the console at ${width} px`);
      await axe(phone, `the console at ${width} px`);
      await phone.locator('[data-cell="cell-1"] button').tap();
      await phone.waitForSelector(".ask .ask-shown >> text=/worst loss would leave/");
      await fits(phone, `a question at ${width} px`);
      await picture(phone, `console-phone-${width}`);
      await phone.locator(".ask .btn", { hasText: "Cancel" }).tap();
    });
    await phone.context().close();
  }
}

const tokenOf = ({ operator }) => readFileSync(operator, "utf8").trim();

async function signIn(page, site) {
  await page.waitForSelector(".sign-in input");
  await page.fill(".sign-in input", tokenOf(site));
  await page.click(".sign-in .btn");
  await page.waitForSelector(".cell");
}

function bannerSays(page, pattern) {
  return page.waitForFunction((text) => new RegExp(text).test(document.querySelector("#banner:not([hidden])")?.textContent ?? ""), pattern);
}

function stateOf(page, cell) {
  return page.locator(`[data-cell="cell-${cell}"] .pill`).innerText();
}

async function tokenIsHidden(page, site) {
  const token = tokenOf(site);
  const { address, stored, cookie } = await page.evaluate(() => ({ address: location.href, stored: JSON.stringify(localStorage), cookie: document.cookie }));
  const cookies = JSON.stringify(await page.context().cookies());
  return ![address, stored, cookie, cookies].some((text) => text.includes(token));
}
