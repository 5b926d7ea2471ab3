// Language, country of sale, currency and colour scheme: the button in the header and its sheet.

import { readCulture } from "./core/api.js";
import { h, icon, srOnly } from "./core/dom.js";
import { LANGUAGES, languageOf, t } from "./core/i18n.js";
import { settings } from "./core/settings.js";
import { openSheet } from "./core/sheet.js";

const THEMES = ["auto", "light", "dark"];
let culture = null;

/** The button; `onChoose(changes)` gets what was chosen. */
export function chooserButton(onChoose) {
  const language = languageOf(settings.locale);
  return h("button", { type: "button", class: "top-button", "aria-haspopup": "dialog", on: { click: () => open(onChoose) } },
    icon("globe"), srOnly(t("chooser.open")), h("span", { class: "top-lang" }, language.name), h("span", { class: "top-more" }, `${settings.market} · ${settings.currency}`));
}

async function open(onChoose) {
  culture ??= await readCulture().catch(() => null);
  const locales = localesOffered();
  const markets = sorted((culture?.markets ?? []).map((market) => ({ value: market.code, text: regionName(market.code, market.name), currency: market.currency })), settings.market);
  const currencies = sorted((culture?.currencies ?? []).map((currency) => ({ value: currency.code, text: currencyName(currency.code) })), settings.currency);

  const locale = pick("chooser.language", "globe", locales, settings.locale);
  const market = pick("chooser.market", "pin", markets, settings.market);
  const currency = pick("chooser.currency", "coin", currencies, settings.currency);
  // A new country brings its own currency; the traveller may still change it.
  market.select.addEventListener("change", () => {
    const chosen = markets.find((option) => option.value === market.select.value);
    if (chosen?.currency && currencies.some((option) => option.value === chosen.currency)) currency.select.value = chosen.currency;
  });
  const theme = h("fieldset", { class: "theme" }, h("legend", {}, t("chooser.theme")), h("div", { class: "segmented" }, THEMES.map((name) => h("label", { class: "choice" }, h("input", { type: "radio", name: "theme", value: name, checked: settings.theme === name }), h("span", {}, t(`theme.${name}`))))));

  const save = h("button", { type: "button", class: "btn primary", on: { click: () => {
    const changes = { locale: locale.select.value, market: market.select.value, currency: currency.select.value, theme: theme.querySelector("input:checked")?.value ?? "auto" };
    sheet.close();
    onChoose(changes);
  } } }, t("chooser.save"));
  const sheet = openSheet({ title: t("chooser.title"), kind: "side", content: h("div", { class: "chooser" }, locale.node, market.node, h("p", { class: "hint" }, t("chooser.market_hint")), currency.node, theme), foot: save });
}

function pick(key, iconName, options, value) {
  const select = h("select", {}, options.map((option) => h("option", { value: option.value, selected: option.value === value, lang: option.lang }, option.text)));
  return { select, node: h("label", { class: "pick-field" }, h("span", { class: "pick-label" }, t(key)), h("span", { class: "pick-box" }, icon(iconName), select, icon("chevron", "pick-arrow"))) };
}

/** Locales the server knows whose language this page speaks, and one per language in any case. */
function localesOffered() {
  const known = (culture?.locales ?? []).filter((locale) => LANGUAGES.some((language) => language.language === locale.code.split("-")[0]));
  const codes = new Set(known.map((locale) => locale.code));
  for (const { language, locale } of LANGUAGES) {
    if (![...codes].some((code) => code.split("-")[0] === language)) codes.add(locale);
  }
  codes.add(settings.locale);
  return [...codes].map((code) => ({ value: code, text: localeName(code), lang: code })).sort((a, b) => a.text.localeCompare(b.text));
}

function localeName(code) {
  try {
    return new Intl.DisplayNames([code], { type: "language" }).of(code);
  } catch {
    return code;
  }
}

function regionName(code, fallback) {
  return displayName("region", code) ?? fallback ?? code;
}

function currencyName(code) {
  const name = displayName("currency", code);
  return name && name !== code ? `${code} – ${name}` : code;
}

function displayName(type, code) {
  try {
    return new Intl.DisplayNames([settings.locale], { type }).of(code);
  } catch {
    return null;
  }
}

function sorted(options, current) {
  if (!options.some((option) => option.value === current)) options.push({ value: current, text: current });
  return options.sort((a, b) => a.text.localeCompare(b.text, settings.locale));
}
