// Numbers, money, dates and times as the locale writes them.
// Times of flights are local times of their airports ("2027-03-03T06:40"): they are formatted as they
// stand and never shifted to the reader's own time zone.

import { currentLocale, t } from "./i18n.js";

const cache = new Map();

function formatter(kind, options) {
  const key = `${kind}|${currentLocale()}|${JSON.stringify(options)}`;
  let made = cache.get(key);
  if (!made) {
    // A page uses some thirty of them; the limit only guards against a run-away key.
    if (cache.size > 200) cache.clear();
    made = new Intl[kind](currentLocale(), options);
    cache.set(key, made);
  }
  return made;
}

/** Money from minor units, exact: £1,234.50. */
export function money(minor, currency, decimals) {
  return moneyFormat(currency, decimals).format(minor / 10 ** decimals);
}

/** The same in parts, so that a card can print the fraction smaller. */
export function moneyParts(minor, currency, decimals) {
  return moneyFormat(currency, decimals).formatToParts(minor / 10 ** decimals);
}

const SHORT_LETTERS = 6;

/**
 * Money for a small cell: whole units, rounded up so that it never promises less, large sums shortened,
 * and without the currency where its sign is long. What stands beside it must say the exact amount.
 */
export function shortMoney(minor, currency, decimals) {
  const units = Math.ceil(minor / 10 ** decimals);
  const digits = units >= 100_000 ? { notation: "compact", maximumSignificantDigits: 3, roundingMode: "ceil" } : { maximumFractionDigits: 0 };
  const whole = formatter("NumberFormat", { style: "currency", currency, currencyDisplay: "narrowSymbol", ...digits }).format(units);
  return [...whole].length <= SHORT_LETTERS ? whole : formatter("NumberFormat", digits).format(units);
}

/** Money in whole units, rounded up: £1,235. */
export function roundMoney(minor, currency, decimals) {
  return formatter("NumberFormat", { style: "currency", currency, currencyDisplay: "narrowSymbol", maximumFractionDigits: 0 }).format(Math.ceil(minor / 10 ** decimals));
}

/** Money as a partner wrote it: a decimal string and its currency. */
export function quotedMoney({ amount, currency }) {
  const decimals = (String(amount).split(".")[1] ?? "").length;
  return moneyFormat(currency, decimals).format(Number(amount));
}

function moneyFormat(currency, decimals) {
  return formatter("NumberFormat", {
    style: "currency",
    currency,
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}

/** A whole number. */
export function count(number) {
  return formatter("NumberFormat", {}).format(number);
}

function asUtc(local) {
  return new Date(`${local.length === 10 ? `${local}T00:00` : local}Z`);
}

/** Clock time of a local date-time: 06:40. */
export function time(local) {
  return formatter("DateTimeFormat", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" }).format(asUtc(local));
}

/** Clock time of minutes after midnight; 1440 is the end of the day. */
export function minutesOfDay(minutes) {
  if (minutes >= 1440) return formatter("DateTimeFormat", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" }).format(new Date(1439 * 60_000));
  return formatter("DateTimeFormat", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" }).format(new Date(minutes * 60_000));
}

/** Day of a local date: Wed 3 Mar. */
export function day(local) {
  return formatter("DateTimeFormat", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" }).format(asUtc(local));
}

/** Day in full: Wednesday, 3 March 2027. */
export function longDay(local) {
  return formatter("DateTimeFormat", { dateStyle: "full", timeZone: "UTC" }).format(asUtc(local));
}

/** Weekday and day of a date, apart: Wed, 3 Mar. */
export function dayParts(local) {
  const moment = asUtc(local);
  return {
    weekday: formatter("DateTimeFormat", { weekday: "short", timeZone: "UTC" }).format(moment),
    day: formatter("DateTimeFormat", { day: "numeric", month: "short", timeZone: "UTC" }).format(moment),
  };
}

/** Month of a date: March 2027. */
export function monthName(local) {
  return formatter("DateTimeFormat", { month: "long", year: "numeric", timeZone: "UTC" }).format(asUtc(local));
}

/** Names of the seven days, from the day a week starts with (1 is Monday). */
export function weekdayNames(start) {
  return Array.from({ length: 7 }, (_, index) => {
    // 2024-01-01 was a Monday.
    const moment = asUtc(addDays("2024-01-01", start - 1 + index));
    return {
      short: formatter("DateTimeFormat", { weekday: "short", timeZone: "UTC" }).format(moment),
      long: formatter("DateTimeFormat", { weekday: "long", timeZone: "UTC" }).format(moment),
    };
  });
}

/** Minutes as hours and minutes: 15h 55m. */
export function duration(minutes) {
  const hours = Math.floor(minutes / 60);
  const rest = Math.round(minutes % 60);
  const parts = [];
  if (hours > 0) parts.push(unit(hours, "hour"));
  if (rest > 0 || hours === 0) parts.push(unit(rest, "minute"));
  return parts.join(" ");
}

function unit(value, name) {
  return formatter("NumberFormat", { style: "unit", unit: name, unitDisplay: "narrow" }).format(value);
}

/** Seconds with one digit: 1.2 s. */
export function seconds(ms) {
  return formatter("NumberFormat", { style: "unit", unit: "second", unitDisplay: "narrow", maximumFractionDigits: 1 }).format(ms / 1000);
}

/** How long ago a moment in seconds since 1970 was: 5 minutes ago. */
export function ago(moment) {
  const minutes = Math.max(0, Math.round((Date.now() / 1000 - moment) / 60));
  const [value, unit] = minutes < 60 ? [minutes, "minute"] : minutes < 48 * 60 ? [Math.round(minutes / 60), "hour"] : [Math.round(minutes / 1440), "day"];
  return formatter("RelativeTimeFormat", { numeric: "auto" }).format(-value, unit);
}

/** Words joined as the language does: a, b and c. */
export function list(words) {
  return formatter("ListFormat", { style: "long", type: "conjunction" }).format(words);
}

/** Whole days between the days of two local date-times. */
export function daysBetween(from, to) {
  return Math.round((asUtc(to.slice(0, 10)) - asUtc(from.slice(0, 10))) / 86_400_000);
}

/** Minutes between two local times of one time zone. */
export function minutesBetween(from, to) {
  return Math.round((asUtc(to) - asUtc(from)) / 60_000);
}

/** "arrives next day", "arrives 2 days later", "arrives the day before". */
export function dayShiftWords(shift) {
  if (shift < 0) return t("time.day_before", { n: -shift });
  return t("time.days_later", { n: shift });
}

/** Today's date of the reader, as a date input wants it. */
export function today() {
  const now = new Date();
  return isoDate(new Date(now.getTime() - now.getTimezoneOffset() * 60_000));
}

/** A month ("2027-03") some months after `month`. */
export function addMonths(month, step) {
  const [year, number] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + step, 1)).toISOString().slice(0, 7);
}

/** A date some days after `date`. */
export function addDays(date, days) {
  return isoDate(new Date(asUtc(date).getTime() + days * 86_400_000));
}

function isoDate(moment) {
  return moment.toISOString().slice(0, 10);
}
