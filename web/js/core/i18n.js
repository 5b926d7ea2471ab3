// Words of the page. In: a locale. Out: sentences with numbers and plurals of that language.
// A dictionary is `/locales/<language>.json`: key -> sentence, or key -> { one, few, other, … }.

/** Languages with a complete dictionary; `locale` is what numbers and dates follow by default. */
export const LANGUAGES = [
  { language: "en", locale: "en-GB", name: "English", rtl: false },
  { language: "zh", locale: "zh-CN", name: "简体中文", rtl: false },
  { language: "ar", locale: "ar-AE", name: "العربية", rtl: true },
  { language: "de", locale: "de-DE", name: "Deutsch", rtl: false },
];

let dictionary = {};
let locale = "en-GB";
let plurals = new Intl.PluralRules("en-GB");
let numbers = new Intl.NumberFormat("en-GB");

/** The language of a locale if it has a dictionary, else English. */
export function languageOf(tag) {
  const short = String(tag).toLowerCase().split("-")[0];
  return LANGUAGES.find((known) => known.language === short) ?? LANGUAGES[0];
}

/** Loads the dictionary of a locale and turns the page to it. */
export async function useLocale(tag) {
  const language = languageOf(tag);
  const answer = await fetch(`/locales/${language.language}.json`);
  if (!answer.ok) throw new Error(`dictionary ${language.language}: ${answer.status}`);
  dictionary = await answer.json();
  locale = tag;
  plurals = new Intl.PluralRules(tag);
  numbers = new Intl.NumberFormat(tag);
  document.documentElement.lang = tag;
  document.documentElement.dir = language.rtl ? "rtl" : "ltr";
}

/** The locale in use. */
export function currentLocale() {
  return locale;
}

/** Whether the dictionary has `key`; for codes that come from outside. */
export function has(key) {
  return Object.hasOwn(dictionary, key);
}

/**
 * The sentence of `key`. `{name}` is replaced by `values.name`; numbers are written as the locale
 * writes them. A key with plural forms is chosen by `values.n`.
 */
export function t(key, values = {}) {
  let sentence = dictionary[key];
  if (sentence && typeof sentence === "object") {
    sentence = sentence[plurals.select(values.n ?? 0)] ?? sentence.other;
  }
  if (typeof sentence !== "string") return key;
  return sentence.replace(/\{(\w+)\}/g, (hole, name) => {
    const value = values[name];
    if (value === undefined || value === null) return hole;
    return typeof value === "number" ? numbers.format(value) : String(value);
  });
}
