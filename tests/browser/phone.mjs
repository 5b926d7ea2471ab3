// The same on a phone: one column, filters in a sheet, nothing sticking out.

import { cards, inDays, over, searchAddress } from "./harness.mjs";
import { pickDay } from "./journey.mjs";

export async function phone({ base, check, open, axe, fits, picture, scenario }) {
  const page = await open({ width: 390, height: 844, touch: true });
  await scenario("a phone", async () => {
    await page.goto(base);
    await page.waitForSelector(".search-form");
    await fits(page, "the form on a phone");
    await axe(page, "the form on a phone");
    await picture(page, "phone-form");
    await pickDay(page, 0, inDays(45));
    await picture(page, "phone-calendar");
    check((await page.locator(".date-pop:visible").count()) === 1, "after the way out the calendar asks for the way back");
    await page.keyboard.press("Escape");
    await page.locator(".pick").click();
    await page.locator('[data-key="children-more"]').click();
    await page.locator('[data-key="infants-more"]').click();
    await fits(page, "the travellers on a phone");
    await axe(page, "the travellers");
    await picture(page, "phone-travellers");

    await page.goto(searchAddress(base));
    await page.waitForSelector(".card");
    await over(page);
    await page.waitForTimeout(2_500);
    await fits(page, "the results on a phone");
    await axe(page, "the results on a phone");
    await picture(page, "phone-results");

    await page.click(".filter-open");
    await page.waitForSelector(".filters-sheet");
    await axe(page, "the filters on a phone");
    await picture(page, "phone-filters");
    const facet = page.locator('.filters-sheet [data-group="carriers"] .facet').first();
    const code = await facet.locator("input").inputValue();
    await Promise.all([page.waitForResponse((response) => response.url().includes(`carriers=${code}`)), facet.click()]);
    await page.waitForTimeout(400);
    await page.click(".sheet-show");
    await page.waitForSelector("dialog", { state: "detached" });
    check((await cards(page)).length > 0 && (await page.locator(".filter-open .count-dot").innerText()) === "1", "a filter chosen in the sheet holds in the list");

    await page.locator(".card-open").first().tap();
    await page.waitForSelector("dialog[open] .seller");
    check(await page.locator(".sheet-lead .btn, .part .seller-go").first().isVisible(), "the way to the seller is in sight");
    const inside = await page.$eval("dialog .sheet-body", (node) => node.scrollWidth <= node.clientWidth);
    check(inside, "the details fit a phone");
    await axe(page, "the details on a phone");
    await picture(page, "phone-details");
  });
  await page.context().close();

  const narrow = await open({ width: 360, height: 740, dark: true });
  await scenario("a small phone in the dark", async () => {
    await narrow.goto(base);
    await narrow.waitForSelector(".search-form");
    await fits(narrow, "the form at 360 px");
    await narrow.goto(searchAddress(base));
    await narrow.waitForSelector(".card");
    await over(narrow);
    await fits(narrow, "the results at 360 px");
    await axe(narrow, "the results in the dark");
    await picture(narrow, "phone-dark");
  });
  await narrow.context().close();
}
