// When things go wrong, the page says so plainly and offers a way on.

import { inDays, over, searchAddress } from "./harness.mjs";

export async function faults({ base, check, open, axe, fits, picture, scenario }) {
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

  await scenario("a link to a seller that was cut off", async () => {
    await page.goto(searchAddress(base));
    await page.waitForSelector(".card");
    await over(page);
    const token = new URL(page.url()).searchParams.get("token");
    const answer = await page.goto(`${base}/v1/go/${token}?l=AAAAAAAAAAAAAAAAAAAAAA`);
    check(answer.status() === 404 && answer.headers()["content-type"].startsWith("text/html"), "a person is told in a page", `${answer.status()} ${answer.headers()["content-type"]}`);
    const machine = await page.request.get(`${base}/v1/go/${token}?l=AAAAAAAAAAAAAAAAAAAAAA`, { headers: { accept: "application/json" } });
    check((await machine.json()).code === "search_offer_not_found", "a program is told in JSON");
    await axe(page, "the page of a link that leads nowhere");
    await fits(page, "the page of a link that leads nowhere");
    await page.click(".notice-actions a.primary");
    await page.waitForSelector(".card");
    check(page.url().includes("from=EDI&to=SIN"), "it leads back to the search", page.url());
  });

  await scenario("an offer that is no longer sold", async () => {
    const search = async () => {
      await page.goto(searchAddress(base));
      await page.waitForSelector(".card");
      await over(page);
      const token = new URL(page.url()).searchParams.get("token");
      return page.evaluate(async (path) => (await fetch(path)).json(), `/v1/searches/${token}?limit=50&options=all`);
    };
    const offers = (data) => data.itineraries.flatMap((itinerary) => itinerary.options.map((option) => ({ ...option, id: itinerary.id, sellers: itinerary.sellers })));
    const asked = offers(await search()).find((option) => option.link);
    const there = await page.request.get(base + asked.link, { maxRedirects: 0 });
    const market = new URL(there.headers().location).origin;
    // A minute after it was asked, the same search is answered from memory; then the seller stops answering.
    let remembered;
    for (let tries = 0; tries < 16 && !remembered; tries += 1) {
      if (tries > 0) await page.waitForTimeout(5_000);
      remembered = offers(await search()).find((option) => option.link && option.seen_s !== null && option.sellers > 1);
    }
    check(remembered !== undefined, "a search that is asked again is remembered");
    const fault = (set) => page.request.post(`${market}/control/faults`, { data: { faults: [{ partner: remembered.agent, set }] } });
    check((await fault({ fault: "status", code: 500 })).ok(), "the market's partner is made to fail");
    const answer = await page.goto(base + remembered.link);
    await fault(null);
    check(answer.status() === 404, "an offer that is not sold any more leads to no seller", answer.status());
    check((await page.locator("h1").innerText()).includes("no longer sold"), "it is said what happened", await page.locator("h1").innerText());
    await picture(page, "offer-gone");
    await page.click(".notice-actions a.primary");
    await page.waitForSelector("dialog[open] .seller");
    check(new URL(page.url()).searchParams.get("open") === remembered.id, "it leads to the other sellers of the same flights", page.url());
  });

  await scenario("a link that leads nowhere, in another language", async () => {
    const other = await open({ width: 390, height: 800, settings: { locale: "ar-AE", market: "AE", currency: "AED" }, provoked: [/Failed to load resource/] });
    await other.goto(searchAddress(base));
    await other.waitForSelector(".card");
    const token = new URL(other.url()).searchParams.get("token");
    await other.goto(`${base}/v1/go/${token}?l=AAAAAAAAAAAAAAAAAAAAAA`);
    const { lang, dir } = await other.evaluate(() => ({ lang: document.documentElement.lang, dir: document.documentElement.dir }));
    check(lang === "ar" && dir === "rtl", "it speaks the language of the search", `${lang} ${dir}`);
    await fits(other, "the page of a link that leads nowhere, on a phone");
    await axe(other, "the page of a link that leads nowhere, in Arabic");
    await picture(other, "link-gone-arabic");
    await other.context().close();
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
