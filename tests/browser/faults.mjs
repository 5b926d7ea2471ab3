// When things go wrong, the page says so plainly and offers a way on.

import { inDays, over, searchAddress } from "./harness.mjs";

export async function faults({ base, check, open, axe, picture, scenario }) {
  // The browser itself notes refused requests in the console; here they are the point.
  const page = await open({ provoked: [/Failed to load resource/, /ERR_INTERNET_DISCONNECTED|ERR_FAILED/] });

  await scenario("a link that no longer holds", async () => {
    await page.goto(searchAddress(base, { extra: "&token=AAAA-cell1" }));
    await page.waitForSelector(".notice");
    await axe(page, "the notice of a dead link");
    await picture(page, "dead-link");
    await page.locator(".notice .btn.primary").click();
    await page.waitForSelector(".card");
    check(true, "a dead link offers to search again, and it works");
  });

  await scenario("a day that has passed", async () => {
    await page.goto(`${base}/search?from=EDI&to=SIN&depart=2020-03-03&adults=1&market=GB&currency=GBP`);
    await page.waitForSelector(".field.date.bad .field-error:not([hidden])");
    check((await page.locator(".field.date.bad .field-error").innerText()).length > 5, "the server's refusal stands beside the day");
    await picture(page, "past-day");
  });

  await scenario("a filter that hides everything", async () => {
    await page.goto(searchAddress(base, { extra: "&duration_max=1" }));
    await over(page);
    await page.waitForSelector(".notice-filtered");
    await picture(page, "all-filtered");
    await page.locator(".notice .btn.primary").click();
    await page.waitForSelector(".card");
    check(true, "clearing the filters brings the list back");
  });

  await scenario("no events", async () => {
    await page.route("**/events", (route) => route.abort());
    await page.goto(searchAddress(base, { from: "LHR", to: "JFK", out: 50, back: 57 }));
    await page.waitForSelector(".card");
    await over(page);
    check(true, "without events the page polls until the search is over");
    await page.unroute("**/events");
  });

  await scenario("no connection", async () => {
    await page.context().setOffline(true);
    await page.waitForSelector("#banner:not([hidden])");
    check(true, "a lost connection is said");
    await page.locator(".sum-edit").click();
    await page.locator(".sum-form .search-btn").click();
    await page.waitForSelector(".sum-form .form-error:not([hidden])");
    check(true, "a search without connection says so and keeps the form");
    await page.context().setOffline(false);
    await page.waitForSelector("#banner", { state: "hidden" });
    check(true, "the notice goes when the connection is back");
  });

  await scenario("a place that nobody knows", async () => {
    await page.goto(base);
    const from = page.locator("input[role=combobox]").first();
    await from.focus();
    await page.keyboard.type("qqzzxxy", { delay: 20 });
    await page.waitForSelector(".suggest-none");
    check(true, "an unknown place is said");
    await page.goto(`${base}/search?leg=EDI~city:LON~${inDays(30)}&leg=city:LON~SIN~${inDays(35)}&adults=2&market=GB&currency=GBP`);
    await page.waitForSelector(".card, .notice");
    check((await page.locator(".sum-title bdi").count()) === 3, "a multi-city link opens with all its stations");
    await picture(page, "multi-city");
  });
  await page.context().close();
}
