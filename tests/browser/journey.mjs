// A traveller at a desk: from typing "edin" to the seller's page.

import { ascending, cards, inDays, over, searchAddress } from "./harness.mjs";

export async function journey({ base, check, open, axe, fits, picture, scenario }) {
  const page = await open();

  await scenario("the form", async () => {
    await page.goto(base);
    await page.waitForSelector(".search-form");
    check((await page.title()).includes("Fareway"), "the first page opens");
    await axe(page, "the form");
    await picture(page, "form");

    await page.click(".search-btn");
    await page.waitForSelector(".field-error:not([hidden])");
    check(await page.evaluate(() => document.activeElement?.getAttribute("role") === "combobox"), "an incomplete form says what is missing and goes there");

    const [from, to] = [page.locator("input[role=combobox]").nth(0), page.locator("input[role=combobox]").nth(1)];
    await from.focus();
    await page.keyboard.type("edin", { delay: 40 });
    await page.waitForSelector(".suggest-row >> text=/Edinburgh/");
    await axe(page, "the suggestions");
    await picture(page, "suggestions");
    const first = await from.getAttribute("aria-activedescendant");
    await page.keyboard.press("ArrowDown");
    const second = await from.getAttribute("aria-activedescendant");
    await page.keyboard.press("ArrowUp");
    check(first && first === await from.getAttribute("aria-activedescendant") && (second !== first || await page.locator(".suggest-row").count() === 1), "arrow keys move through the suggestions");
    await page.keyboard.press("Escape");
    check(await from.getAttribute("aria-expanded") === "false", "Escape closes the suggestions");
    await page.keyboard.press("ArrowDown");
    await page.waitForSelector(".suggest-row >> text=/Edinburgh/");
    await page.keyboard.press("Enter");
    check((await from.inputValue()).startsWith("Edinburgh"), "Enter picks Edinburgh", await from.inputValue());

    await to.focus();
    await page.keyboard.type("singap", { delay: 40 });
    await page.waitForSelector(".suggest-row >> text=/Singapore/");
    await page.keyboard.press("Tab");
    check((await to.inputValue()).startsWith("Singapore"), "Tab picks Singapore", await to.inputValue());

    await pickDay(page, 0, inDays(60));
    await pickDay(page, 1, inDays(74));
    await axe(page, "the calendar's form");
  });

  await scenario("the search", async () => {
    const asked = Date.now();
    await page.click(".search-btn");
    await page.waitForSelector(".progress");
    const seen = [];
    await page.waitForSelector(".card");
    const firstAfter = Date.now() - asked;
    await picture(page, "results-growing");
    while (true) {
      const { total, live } = await page.$eval(".progress", (node) => ({ total: Number(node.dataset.total), live: node.classList.contains("live") }));
      if (seen.at(-1) !== total) seen.push(total);
      if (!live) break;
      if (Date.now() - asked > 40_000) throw new Error("the search does not end");
      await page.waitForTimeout(60);
    }
    check(firstAfter < 3_000, `first offers are on screen within 3 s (${firstAfter} ms)`);
    check(seen.length > 1 && ascending(seen), `the number of itineraries grows (${seen.slice(0, 12).join(", ")})`);
    await page.waitForTimeout(2_500);
    const shown = await page.locator(".card").count();
    check(shown > 0, `cards are shown when the search is over (${shown})`);
    check((await page.getAttribute(".bar", "aria-valuenow")) === (await page.getAttribute(".bar", "aria-valuemax")), "the bar is full when the search is over");
    await axe(page, "the results");
    await fits(page, "the page of results");
    await picture(page, "results");
  });

  await scenario("sorting and filtering", async () => {
    await sorted(page, "cheapest");
    check(ascending((await cards(page)).map((card) => card.price)), "cheapest sorts by price");
    await sorted(page, "fastest");
    check(ascending((await cards(page)).map((card) => card.duration)), "fastest sorts by duration");
    await sorted(page, "best");

    const facet = page.locator('[data-group="stops"] .facet').nth(0);
    const stops = Number(await facet.locator("input").inputValue());
    const count = Number(await facet.locator(".facet-count").innerText());
    await Promise.all([page.waitForResponse((response) => response.url().includes(`stops=${stops}`)), facet.click()]);
    await page.waitForFunction(() => document.querySelector(".filter-head .link") && !document.querySelector(".filter-head .link").hidden);
    await page.waitForTimeout(400);
    const kept = await cards(page);
    check(kept.length > 0 && kept.every((card) => (stops < 2 ? card.stops === stops : card.stops >= 2)), "a filter on stops keeps only those", JSON.stringify(kept.slice(0, 3)));
    const matched = Number((await page.locator(".matched").innerText()).match(/\d+/)[0]);
    check(matched === count, "as many are left as the filter promised", `${matched} and ${count}`);
    check(new URL(page.url()).searchParams.get("stops") === String(stops), "the address keeps the filter");
    await picture(page, "results-filtered");
    await page.click(".filter-head .link");
    await page.waitForTimeout(600);
    check(!new URL(page.url()).searchParams.has("stops"), "filters are cleared");

    const more = page.locator(".more");
    if (await more.isVisible()) {
      const before = await page.locator(".card").count();
      await more.click();
      await page.waitForFunction((n) => document.querySelectorAll(".card").length > n, before);
      const ids = (await cards(page)).map((card) => card.id);
      check(new Set(ids).size === ids.length, "more cards are loaded, none twice");
    }
  });

  await scenario("an itinerary", async () => {
    const button = page.locator(".card-open").first();
    const promised = Number((await button.innerText()).match(/\d+/)[0]);
    await button.click();
    await page.waitForSelector("dialog[open] .seller");
    const agents = await page.locator("dialog .seller").count();
    check(agents >= promised, `the itinerary shows its sellers (${agents})`, promised);
    check(await page.evaluate(() => document.querySelector("dialog").contains(document.activeElement)), "the focus is inside the details");
    check(new URL(page.url()).searchParams.has("open"), "the address names the open itinerary");
    await axe(page, "the details");
    await picture(page, "details");

    const [seller] = await Promise.all([page.context().waitForEvent("page"), page.locator("dialog .seller-go").first().click()]);
    await seller.waitForLoadState();
    const host = new URL(seller.url()).hostname;
    const text = (await seller.locator("body").innerText()).trim();
    check(["127.0.0.1", "localhost"].includes(host) && text.length > 0, "the seller's page opens on this machine", `${seller.url()} ${text.slice(0, 80)}`);
    check(await seller.evaluate(() => window.opener === null), "the seller's page cannot reach back");
    await picture(seller, "seller");
    await seller.close();

    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    check(await page.evaluate(() => document.activeElement?.classList.contains("card-open")), "the focus returns to the card");
    await page.locator(".card-open").first().click();
    await page.waitForSelector("dialog[open]");
    await page.goBack();
    await page.waitForSelector("dialog", { state: "detached" });
    check(true, "back closes the details");
  });

  await scenario("the ledger", async () => {
    await page.click(".progress .link");
    await page.waitForSelector(".ledger-part");
    const asked = Number(await page.getAttribute(".bar", "aria-valuemax"));
    const rows = await page.locator(".ledger-part li").count();
    check(rows === asked, "the ledger has a line for every partner that was asked", `${rows} and ${asked}`);
    await axe(page, "the ledger");
    await picture(page, "ledger");
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
  });

  await scenario("reading while it grows", async () => {
    await page.goto(searchAddress(base, { from: "city:LON", to: "city:NYC", out: 62, back: 70 }));
    await page.waitForSelector(".card >> nth=3");
    await page.evaluate(() => scrollTo(0, document.querySelectorAll(".card")[2].getBoundingClientRect().top + scrollY - 100));
    const at = () => page.evaluate(() => { const card = document.querySelectorAll(".card")[2]; return { id: card.dataset.id, y: Math.round(card.getBoundingClientRect().top), total: Number(document.querySelector(".progress").dataset.total) }; });
    const before = await at();
    await over(page);
    await page.waitForTimeout(1_500);
    const after = await at();
    check(before.id === after.id && before.y === after.y, "what is being read stays where it is while the list grows", `${before.y} and ${after.y}`);
    const pill = page.locator(".pill");
    if (await pill.isVisible()) {
      await picture(page, "new-results");
      await pill.click();
      await pill.waitFor({ state: "hidden" });
      check(await page.evaluate(() => document.querySelector(".cards").getBoundingClientRect().top > 0), "a press shows the new results from the top");
    } else {
      check(after.total === before.total, "new results are announced", `${before.total} and ${after.total}`);
    }
    await page.goBack();
    await page.waitForSelector(".card");
    await over(page);
  });

  await scenario("the address", async () => {
    await sorted(page, "cheapest");
    const before = (await cards(page)).slice(0, 5).map((card) => card.id).join();
    await page.reload();
    await page.waitForSelector(".card");
    await over(page);
    check((await cards(page)).slice(0, 5).map((card) => card.id).join() === before, "a reload shows the same list");
    check((await page.locator(".sum-title").innerText()).includes("Edinburgh"), "a reload names the places");
    await page.click(".logo");
    await page.waitForSelector(".hero");
    check((await page.locator(".recent-card").count()) > 0, "the first page remembers the search");
    await page.goBack();
    await page.waitForSelector(".card");
    check(true, "back shows the results again");
  });
  await page.context().close();
}

async function sorted(page, sort) {
  const button = page.locator(`[data-sort="${sort}"]`);
  if ((await button.getAttribute("aria-pressed")) === "true") return;
  await Promise.all([page.waitForResponse((response) => response.url().includes(`sort=${sort}`) && response.url().includes("limit=20")), button.click()]);
  await page.waitForTimeout(500);
}

/** Picks a day in the calendar of the n-th date field, turning months as a person would. */
export async function pickDay(page, index, date) {
  const field = page.locator(".field.date").nth(index);
  const pop = field.locator(".date-pop");
  if (await pop.isHidden()) await field.locator(".date-button").click();
  const day = pop.locator(`[data-date="${date}"]`);
  for (let turns = 0; turns < 12 && !(await day.isVisible()); turns += 1) {
    const shown = await pop.locator("[data-date]").first().getAttribute("data-date");
    await pop.locator(".cal-step").nth(shown.slice(0, 7) > date.slice(0, 7) ? 0 : 1).click();
  }
  await day.click();
}
