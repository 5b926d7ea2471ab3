// Prices seen lately: a calendar, a grid over lengths of stay and a map. A few searches are made first,
// because a fresh Fareway has seen no price.

import { ascending, inDays } from "./harness.mjs";

const ROUTE = { from: "EDI", to: "BCN" };
const OUTS = [50, 51, 53, 54, 56];
const BACKS = [60, 62];
const ELSEWHERE = ["AMS", "city:PAR", "city:NYC", "SIN", "CPT", "KEF", "IST", "city:TYO", "GRU"];
const GB = "market=GB&currency=GBP";

export async function prices({ base, check, open, axe, fits, picture, scenario }) {
  const page = await open();
  const address = `${base}/search?from=${ROUTE.from}&to=${ROUTE.to}&depart=${inDays(OUTS[2])}&return=${inDays(BACKS[0])}&adults=1&${GB}`;

  await scenario("nothing seen yet", async () => {
    await page.goto(`${base}/explore?from=ZRH&${GB}`);
    await page.waitForSelector(".explore .notice");
    const said = await page.locator(".explore .notice").innerText();
    check(/no price seen yet/i.test(said) && /searches found lately/i.test(said), "a map without prices says why", said);
    await axe(page, "the empty map");
    await picture(page, "explore-empty");
    await page.goto(`${base}/search?from=ZRH&to=OSL&depart=${inDays(300)}&adults=1&${GB}`);
    // The search on the page has seen a price; the way in the other direction has not been asked for.
    await openPicker(page);
    await page.keyboard.press("Escape");
    await page.locator(".sum-form .swap").click();
    await page.locator(".sum-form .date-button").first().click();
    await page.waitForSelector(".date-pop .legend b");
    check(/no price seen yet/i.test(await page.locator(".date-pop .legend").innerText()), "a calendar without prices says so");
    check(/no price seen yet/i.test(await page.locator(`.date-pop [data-date="${inDays(301)}"]`).textContent()), "each day says that it has no price");
  });

  await scenario("searches that leave prices behind", async () => {
    for (const out of OUTS) for (const back of BACKS) await search(base, ROUTE.from, ROUTE.to, out, back);
    for (const out of OUTS.slice(0, 3)) await search(base, ROUTE.from, ROUTE.to, out, null);
    for (const to of ELSEWHERE) await search(base, ROUTE.from, to, 52, 59);
    const seen = await until(async () => {
      const graph = await read(base, `graph?origin=${ROUTE.from}&destination=${ROUTE.to}&${GB}`);
      const map = await read(base, `explore?origin=${ROUTE.from}&back=any&${GB}`);
      return graph.pairs.length >= OUTS.length * BACKS.length && map.places.length > ELSEWHERE.length;
    });
    check(seen, "prices of searches are remembered");
  });

  await scenario("is that a good price", async () => {
    await page.goto(address);
    await page.waitForSelector(".outlook:not([hidden])");
    const said = await page.locator(".outlook").innerText();
    const { outlook } = await read(base, `history?origin=${ROUTE.from}&destination=${ROUTE.to}&out=${inDays(OUTS[2])}&back=${inDays(BACKS[0])}&${GB}`);
    const words = { low: /is low/, typical: /is usual/, high: /is high/ }[outlook.verdict];
    check(words?.test(said) && said.includes(pounds(outlook.price)), "a trip's price is called low, usual or high", said);
    check(said.includes(pounds(outlook.low)) && said.includes(pounds(outlook.high)), "the quantiles it is judged by are shown", said);
  });

  await scenario("the date picker with prices", async () => {
    await page.goto(address);
    await openPicker(page);
    const month = inDays(OUTS[2]).slice(0, 7);
    const answer = await read(base, `month?origin=${ROUTE.from}&destination=${ROUTE.to}&out=${month}&back=any&${GB}`);
    await page.waitForSelector('.date-pop [data-level="low"]');
    const shown = await page.$$eval(".date-pop [data-date]", (days) => days.filter(({ dataset }) => dataset.level && dataset.level !== "none").map(({ dataset }) => dataset.date));
    check(answer.days.every(({ date }) => shown.includes(date)), "every day with a price shows it", `${shown} and ${answer.days.map(({ date }) => date)}`);
    const [{ date, cheapest }] = answer.days;
    const label = await page.locator(`.date-pop [data-date="${date}"]`).textContent();
    check(label.includes(pounds(cheapest.price)), "a day says its exact price", `${label}, ${cheapest.price}`);
    check(/cheap|typical|dear/.test(label), "a day says in words whether it is cheap", label);
    await axe(page, "the date picker with prices");
    await picture(page, "picker-prices");
    await page.keyboard.press("Escape");
  });

  await scenario("the calendar of prices", async () => {
    await page.goto(address);
    await page.click('[data-panel="days"]');
    await page.waitForSelector('.day-panel [data-level="low"]');
    const levels = await page.$$eval(".day-panel [data-level]", (days) => days.map(({ dataset }) => dataset.level));
    check(["low", "high"].every((level) => levels.includes(level)), "cheap and dear days are told apart", [...new Set(levels)].join());
    await axe(page, "the calendar of prices");
    await fits(page, "the calendar of prices");
    await picture(page, "price-calendar");
    await page.locator(".other-choice .choice").nth(1).click();
    await page.waitForSelector('.day-panel [data-level="low"], .day-panel [data-level="seen"]');
    const after = page.locator(`.day-panel [data-date="${inDays(BACKS[0] + 1)}"]`);
    check((await after.count()) === 0 || await after.isDisabled(), "with a fixed way back no later departure can be picked");
    await page.locator(".other-choice .choice").nth(0).click();

    await page.locator(`.day-panel [data-date="${inDays(OUTS[2])}"]`).focus();
    await page.keyboard.press("ArrowRight");
    const focused = await page.evaluate(() => document.activeElement.dataset.date);
    check(focused === inDays(OUTS[3]), "arrow keys move through the calendar", focused);
    const answer = await read(base, `month?origin=${ROUTE.from}&destination=${ROUTE.to}&out=${focused}&back=any&${GB}`);
    await page.waitForFunction((date) => document.querySelector(`.day-panel [data-date="${date}"]`)?.dataset.level !== "none", focused);
    await page.keyboard.press("Enter");
    await page.waitForFunction((date) => new URLSearchParams(location.search).get("depart") === date, focused);
    const back = new URL(page.url()).searchParams.get("return");
    check(back === answer.days[0].cheapest.returns, "a day picked by key is searched with its cheapest way back", `${back} and ${answer.days[0].cheapest.returns}`);
    await page.waitForSelector(".card");
    check(await page.locator(".day-panel").isVisible(), "the calendar stays open for the next day");
    await page.goBack();
    await page.waitForFunction((date) => new URLSearchParams(location.search).get("depart") === date, inDays(OUTS[2]));
    check(true, "back returns to the days before");
  });

  await scenario("one way", async () => {
    await page.goto(address.replace(/&return=[^&]+/, ""));
    await page.waitForSelector(".other-open");
    check((await page.locator(".other-open").count()) === 1, "one way has no length of stay");
    if (!await page.locator(".day-panel").isVisible()) await page.click('[data-panel="days"]');
    const date = inDays(OUTS[0]);
    await page.waitForSelector(`.day-panel [data-date="${date}"]:not([data-level="none"])[data-level]`);
    await page.locator(`.day-panel [data-date="${date}"]`).click();
    await page.waitForFunction((day) => { const params = new URLSearchParams(location.search); return params.get("depart") === day && !params.has("return"); }, date);
    check(true, "a day picked for one way is searched one way");
  });

  await scenario("the grid of stays", async () => {
    await page.goto(address);
    await page.click('[data-panel="stays"]');
    await page.waitForSelector('.stay-cell[data-level="low"]');
    const graph = await read(base, `graph?origin=${ROUTE.from}&destination=${ROUTE.to}&${GB}`);
    const { departs, returns, nights, cheapest } = graph.pairs.find((pair) => pair.departs === inDays(OUTS[1]) && pair.returns === inDays(BACKS[0]));
    const label = await page.locator(`.stay-cell[data-departs="${departs}"][data-returns="${returns}"]`).textContent();
    check(label.includes(pounds(cheapest.price)) && label.includes(`${nights} nights`), "a cell says its price and its nights", `${label}, ${cheapest.price}`);
    const least = Math.min(...graph.pairs.map((pair) => pair.cheapest.price));
    check((await page.locator(".stay-best").innerText()).includes(pounds(least)), "the cheapest trip seen is named");
    await axe(page, "the grid of stays");
    await fits(page, "the grid of stays");
    await picture(page, "price-graph");
    await page.locator('.stay-cell[tabindex="0"]').focus();
    await page.keyboard.press("ArrowDown");
    const [row, own] = await page.evaluate(() => [document.activeElement.dataset.row, document.querySelectorAll('.stay-cell[tabindex="0"]').length]);
    check(row === "4" && own === 1, "arrow keys move through the grid", `${row}, ${own}`);
    await page.locator(`.stay-cell[data-departs="${departs}"][data-returns="${returns}"]`).click();
    await page.waitForFunction(([out, back]) => { const params = new URLSearchParams(location.search); return params.get("depart") === out && params.get("return") === back; }, [departs, returns]);
    await page.waitForSelector(".card");
    check(true, "a cell searches its days");
  });

  await scenario("where can I go", async () => {
    await page.goto(base);
    await page.click(".top-link");
    await page.waitForSelector(".explore");
    check(new URL(page.url()).pathname === "/explore", "the header leads to the map");
    await page.goto(`${base}/explore?from=${ROUTE.from}&${GB}`);
    await page.waitForSelector(".place-row");
    const answer = await read(base, `explore?origin=${ROUTE.from}&back=any&by=city&${GB}`);
    const rows = await places(page);
    check(rows.length === Math.min(60, answer.places.length) && ascending(rows.map(({ price }) => price)), "the list has the places by price", rows.length);
    check((await page.locator(".map-place").count()) === answer.places.length, "every place is on the map");
    check((await page.locator(".map-label").count()) > 0 && (await page.locator(".map-start").count()) === 1, "the map shows prices and the start");
    const box = await page.locator(".map-land").evaluate((node) => node.getBBox().width);
    check(box > 600, "the dots of the world are drawn", box);
    await axe(page, "the map");
    await fits(page, "the map");
    await picture(page, "explore");
    // A cell whose prices do not come is told of; a cell of a release before does not speak of others.
    for (const [missing, said] of [[["cell-2"], 1], [undefined, 0]]) {
      await page.route("**/v1/prices/explore?**", async (route) => {
        const whole = await route.fetch();
        await route.fulfill({ response: whole, json: { ...await whole.json(), missing_cells: missing } });
      });
      await page.reload();
      await page.waitForSelector(".place-row");
      check(await page.getByText("are missing just now").count() === said, `of missing cells ${missing} the map says ${said ? "so" : "nothing"}`);
      await page.unroute("**/v1/prices/explore?**");
    }
    await page.reload();
    await page.waitForSelector(".place-row");
    const before = await page.locator(".map-svg").getAttribute("viewBox");
    await page.locator(".map-tools button").first().click();
    check(before !== await page.locator(".map-svg").getAttribute("viewBox"), "the map comes nearer");

    const slider = page.locator(".budget input");
    await slider.focus();
    await page.keyboard.press("Home");
    await page.waitForFunction(() => new URLSearchParams(location.search).has("max"));
    const max = Number(new URL(page.url()).searchParams.get("max"));
    const kept = await places(page);
    check(kept.length > 0 && kept.length < rows.length && kept.every(({ price }) => price <= max), "a budget keeps what it can pay", `${kept.length} of ${rows.length} for ${max}`);
    check((await page.locator(".map-place").count()) === kept.length, "the map keeps the same places");
    await page.reload();
    await page.waitForSelector(".place-row");
    check((await places(page)).length === kept.length, "the address keeps the budget");

    await page.locator(".explore-controls .choice").nth(1).click();
    await page.waitForFunction(() => new URLSearchParams(location.search).get("trip") === "oneway");
    await page.waitForFunction(() => document.querySelector('.place-row[href*="to="]:not([href*="return="])'));
    check(true, "one way shows one-way prices");
    await page.locator(".explore-month select").selectOption(inDays(330).slice(0, 7));
    await page.waitForSelector(".explore .notice");
    check(true, "a month without prices says so");
    await page.locator(".explore-month select").selectOption("any");
    await page.locator(".explore-controls .choice").nth(0).click();
    await page.waitForFunction((n) => document.querySelectorAll(".place-row").length === n, rows.length);

    const first = page.locator(".place-row").first();
    const href = new URL(await first.getAttribute("href"), base).searchParams;
    await first.click();
    await page.waitForSelector(".card");
    const params = new URL(page.url()).searchParams;
    check(["from", "to", "depart", "return"].every((name) => params.get(name) === href.get(name)), "a place in the list is searched for its days", page.url());
    await page.goBack();
    await page.waitForSelector(".map-label");
    const id = await page.locator(".map-label").first().getAttribute("data-id");
    await page.locator(".map-label").first().click();
    await page.waitForFunction((to) => location.pathname === "/search" && new URLSearchParams(location.search).get("to") === to, id);
    check(true, "a place on the map is searched");
  });
  await page.context().close();

  await elsewhere({ base, check, open, axe, fits, picture, scenario, address });
}

/** The same on a phone, in the dark, and from right to left. */
async function elsewhere({ base, check, open, axe, fits, picture, scenario, address }) {
  const arabic = { locale: "ar-AE", market: "GB", currency: "GBP" };
  const views = [
    { name: "phone", where: "on a phone", width: 390, height: 844, touch: true },
    { name: "small", where: "at 360 px in the dark", width: 360, height: 740, dark: true },
    { name: "ar", where: "in Arabic", settings: arabic },
    { name: "ar-phone", where: "in Arabic on a phone", width: 390, height: 844, settings: arabic },
  ];
  for (const { name, where, ...view } of views) {
    const page = await open(view);
    await scenario(`prices ${where}`, async () => {
      await page.goto(`${base}/explore?from=${ROUTE.from}&${GB}`);
      await page.waitForSelector(".place-row");
      await fits(page, `the map ${where}`);
      await axe(page, `the map ${where}`);
      await picture(page, `${name}-explore`);
      await page.goto(address);
      await page.click('[data-panel="days"]');
      await page.waitForSelector('.day-panel [data-level="low"]');
      await fits(page, `the calendar of prices ${where}`);
      await axe(page, `the calendar of prices ${where}`);
      await picture(page, `${name}-price-calendar`);
      await page.click('[data-panel="stays"]');
      await page.waitForSelector('.stay-cell[data-level="low"]');
      await fits(page, `the grid of stays ${where}`);
      await axe(page, `the grid of stays ${where}`);
      await picture(page, `${name}-price-graph`);
      const inside = await page.$eval(".stay-table", (node) => node.scrollWidth <= node.clientWidth);
      check(inside, `the grid of stays needs no scrolling ${where}`);
      if (view.settings) {
        const [first, second] = await page.$$eval(".stay-table thead th", (heads) => heads.slice(1, 3).map((head) => head.getBoundingClientRect().left));
        check(first > second, `days run from right to left ${where}`);
      }
    });
    await page.context().close();
  }
}

async function openPicker(page) {
  await page.waitForSelector(".sum-edit");
  await page.click(".sum-edit");
  await page.locator(".sum-form .date-button").first().click();
}

function places(page) {
  return page.$$eval(".place-row", (rows) => rows.map(({ dataset }) => ({ id: dataset.id, price: Number(dataset.price) })));
}

async function search(base, from, to, out, back) {
  const legs = [{ origin: from, destination: to, date: inDays(out) }];
  if (back) legs.push({ origin: to, destination: from, date: inDays(back) });
  const body = { legs, cabin: "economy", adults: 1, children_ages: [], market: "GB", locale: "en-GB", currency: "GBP", nearby: false };
  const answer = await fetch(`${base}/v1/searches`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`search ${from} ${to}: ${answer.status}`);
  const { token } = await answer.json();
  await until(async () => (await (await fetch(`${base}/v1/searches/${token}?limit=1`)).json()).status !== "incomplete");
}

async function read(base, question) {
  return (await fetch(`${base}/v1/prices/${question}`)).json();
}

/** Asks until the answer is yes, for at most 20 s. */
async function until(question) {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await question()) return true;
    await new Promise((done) => { setTimeout(done, 200); });
  }
  return false;
}

function pounds(minor) {
  return new Intl.NumberFormat("en-GB", { style: "currency", currency: "GBP" }).format(minor / 100);
}
