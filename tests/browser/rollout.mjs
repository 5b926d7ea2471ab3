// An operator moves cells to a release that was made on the machine, looks, and sends them back.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname } from "node:path";

const WHY = "prices look wrong";

/** On the console of a fleet whose operator is signed in. */
export async function rollout(page, fleet, { check, axe, picture }) {
  await page.waitForSelector(".roll-start", { state: "hidden" });
  check(await page.locator("code", { hasText: "fareway fleet rollout --make" }).isVisible(), "without another release the page says how one is made");
  writeFileSync(fleet.settings, "[search]\ndeadline_ms = 9000\n");
  execFileSync(fleet.binary, ["--data", dirname(fleet.operator), "fleet", "rollout", "--make"]);

  const start = page.locator(".roll-start .btn");
  await start.click();
  await page.waitForSelector(".ask .ask-waves");
  const differs = await page.locator(".ask .diff").innerText();
  check(differs.includes("deadline_ms") && differs.includes("9000"), "what differs is shown line by line before anything moves");
  const waves = await page.locator(".ask-waves li").allInnerTexts();
  check(waves.length === 2 && /^Wave 1: cell-\d$/.test(waves[0]), "the first wave is one cell, the second the rest");
  await axe(page, "the question before a rollout");
  await picture(page, "console-rollout");
  const [bake, warm, requests] = await page.locator(".ask input[type=number]").all();
  // Long enough that it cannot be over before it is sent back.
  await bake.fill("3600");
  await warm.fill("0");
  await requests.fill("0");
  await page.locator(".ask .btn.primary").click();
  await page.waitForSelector(".ask", { state: "detached" });

  const cell = /cell-\d/.exec(waves[0])[0];
  await runs(page, cell, "r2");
  await page.waitForFunction(() => document.querySelector(".waves [aria-current=step]")?.textContent.endsWith("(watched)"), null, { timeout: 60_000 });
  check((await releases(page)).filter((release) => release === "r2").length === 1, "one cell runs the new release and is watched");
  await axe(page, "a rollout that is watched");

  await page.locator(".roll-buttons .btn", { hasText: "Roll back" }).click();
  await page.locator(".ask-field input").fill(WHY);
  await axe(page, "the question before going back");
  await page.locator(".ask .btn.primary").click();
  await page.waitForFunction(() => [...document.querySelectorAll(".region-head .pill")].some((pill) => pill.textContent === "went back"), null, { timeout: 60_000 });
  await runs(page, cell, "r1");
  check((await releases(page)).every((release) => release === "r1"), "all cells run the old release again");
  check((await page.locator(".careful").allInnerTexts()).some((text) => text.includes(WHY)), "why it went back stays in sight");
  await page.waitForSelector(`.events >> text=/${WHY}/`);
  check(true, "and in the last hour");
}

/** Waits until a cell runs a release and takes work. */
function runs(page, cell, release) {
  return page.waitForFunction(([name, wanted]) => {
    const card = document.querySelector(`[data-cell="${name}"]`);
    const fact = [...card.querySelectorAll(".facts div")].find((row) => row.firstChild.textContent === "Release");
    return fact.lastChild.textContent === wanted && card.querySelector(".pill").textContent === "up";
  }, [cell, release], { timeout: 60_000 });
}

function releases(page) {
  return page.locator(".facts div", { hasText: "Release" }).locator("dd").allInnerTexts();
}
