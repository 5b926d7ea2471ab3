// Other languages: complete dictionaries, right to left, numbers and dates as the locale writes them.

import { over, searchAddress } from "./harness.mjs";

const LANGUAGES = ["en", "zh", "ar", "de"];

export async function languages({ base, check, open, axe, fits, picture, scenario }) {
  await scenario("dictionaries", async () => {
    const [english, ...others] = await Promise.all(LANGUAGES.map(async (language) => (await fetch(`${base}/locales/${language}.json`)).json()));
    const keys = Object.keys(english).sort().join();
    others.forEach((dictionary, index) => {
      const language = LANGUAGES[index + 1];
      check(Object.keys(dictionary).sort().join() === keys, `the dictionary ${language} has every sentence`);
      const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      const short = Object.entries(dictionary).filter(([, sentence]) => typeof sentence === "object" && !forms.every((form) => form in sentence)).map(([key]) => key);
      check(short.length === 0, `the dictionary ${language} has every plural form`, short.join(", "));
      const holes = Object.keys(english).filter((key) => holesOf(english[key]) !== holesOf(dictionary[key]));
      check(holes.length === 0, `the dictionary ${language} fills the same places`, holes.join(", "));
    });
  });

  const page = await open();
  await scenario("switching language", async () => {
    await page.goto(searchAddress(base));
    await over(page);
    await choose(page, "zh-CN");
    await page.waitForSelector('html[lang="zh-CN"]');
    check((await page.locator(".sort-name").first().innerText()).includes("综合最佳"), "the page turns Chinese");
    check((await page.locator(".sum-facts").innerText()).includes("月"), "dates are written the Chinese way");
    await over(page);
    await page.waitForSelector(".card");
    await picture(page, "results-zh");

    await choose(page, "ar");
    await page.waitForSelector('html[dir="rtl"]');
    await page.waitForSelector(".card");
    const [title, edit] = await Promise.all([".sum-title", ".sum-edit"].map((part) => page.locator(part).boundingBox()));
    check(title.x > edit.x, "Arabic runs from right to left");
    await axe(page, "the results in Arabic");
    await fits(page, "the Arabic page");
    await picture(page, "results-ar");
    await page.locator(".card-open").first().click();
    await page.waitForSelector("dialog[open] .seller");
    await picture(page, "details-ar");
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => !new URLSearchParams(location.search).has("open"));

    await page.reload();
    await page.waitForSelector('html[dir="rtl"]');
    check(true, "the language is remembered");
    await choose(page, "en-GB");
    await page.waitForSelector('html[dir="ltr"]');
    check((await page.locator(".sort-name").first().innerText()).includes("Best"), "the page turns English again");
  });

  await scenario("currency", async () => {
    await page.click(".top-button");
    await page.waitForSelector(".chooser");
    await axe(page, "the chooser");
    await picture(page, "chooser");
    await page.locator(".chooser select").nth(2).selectOption("EUR");
    await page.click(".sheet-foot .btn");
    await page.waitForSelector(".card-price >> text=/€/");
    check(new URL(page.url()).searchParams.get("currency") === "EUR", "another currency searches anew and shows it");
  });
  await page.context().close();
}

async function choose(page, language) {
  await page.click(".top-button");
  await page.waitForSelector(".chooser");
  const select = page.locator(".chooser select").first();
  const value = await select.evaluate((node, wanted) => [...node.options].find((option) => option.value.startsWith(wanted))?.value, language);
  await select.selectOption(value);
  await page.click(".sheet-foot .btn");
}

function holesOf(sentence) {
  const text = typeof sentence === "string" ? sentence : sentence?.other ?? "";
  return [...new Set(text.match(/\{\w+\}/g) ?? [])].sort().join();
}
