// What the reader chose: language, country of sale (market), currency, colour scheme.
// Remembered in this browser only. A link may name market and currency; that holds for the visit and
// is not remembered.

import { languageOf, LANGUAGES } from "./i18n.js";

const KEY = "fareway.settings";
const CURRENCY_OF = { GB: "GBP", US: "USD", CN: "CNY", AE: "AED", DE: "EUR", SG: "SGD", JP: "JPY", FR: "EUR", IN: "INR", AU: "AUD" };
const MARKET_OF = { en: "GB", zh: "CN", ar: "AE", de: "DE" };

/** The settings in force: `locale`, `market`, `currency`, `theme`. */
export const settings = load();

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") ?? {};
  } catch {
    return {};
  }
}

function load() {
  const saved = read();
  const wanted = (navigator.languages ?? [navigator.language]).find((tag) => LANGUAGES.some((known) => known.language === tag.toLowerCase().split("-")[0]));
  const locale = text(saved.locale, /^[a-z]{2}-[A-Z]{2}$/) ?? regional(wanted ?? "en-GB");
  const region = locale.split("-")[1]?.toUpperCase();
  const market = text(saved.market, /^[A-Z]{2}$/) ?? (region in CURRENCY_OF ? region : MARKET_OF[languageOf(locale).language]);
  const currency = text(saved.currency, /^[A-Z]{3}$/) ?? CURRENCY_OF[market] ?? "EUR";
  return { locale, market, currency, theme: saved.theme ?? "auto" };
}

function text(value, shape) {
  return typeof value === "string" && shape.test(value) ? value : null;
}

/** A language of the browser as language and country: "zh-Hans-CN" is "zh-CN", "ar" is "ar-AE". */
function regional(tag) {
  const [, language, region] = /^([a-z]{2})(?:-[A-Za-z]{4})?(?:-([A-Z]{2}))?/.exec(tag) ?? [];
  return language && region ? `${language}-${region}` : languageOf(tag).locale;
}

/** Takes new settings, remembers them and applies the colour scheme. */
export function choose(changes) {
  Object.assign(settings, changes);
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Not remembered where storage is refused; the choice still holds for this page.
  }
  applyTheme();
}

/** Takes market and currency of a link, for this visit. */
export function visitWith(market, currency) {
  settings.market = text(market, /^[A-Z]{2}$/) ?? settings.market;
  settings.currency = text(currency, /^[A-Z]{3}$/) ?? settings.currency;
}

/** Puts the colour scheme on the page. */
export function applyTheme() {
  const root = document.documentElement;
  if (settings.theme === "light" || settings.theme === "dark") root.dataset.theme = settings.theme;
  else delete root.dataset.theme;
}
