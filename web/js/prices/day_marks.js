// Writes prices onto the days of a calendar: a short amount, dots and a colour for cheap, typical and
// dear, and the exact amount for those who listen. In: a book of prices and the calendar's node.

import { fill, h } from "../core/dom.js";
import { longDay, money, shortMoney } from "../core/format.js";
import { t } from "../core/i18n.js";
import { legend } from "./legend.js";
import { levelsOf } from "./levels.js";

/** Builds the marks; `below` is the line that explains them. */
export function dayMarks() {
  const key = legend();
  let turn = 0;

  /** Marks the days shown in `months`, now with what is known and again when more has come. */
  async function show(node, months, book) {
    turn += 1;
    const own = turn;
    node.classList.toggle("priced", Boolean(book));
    key.node.hidden = !book;
    if (!book) return;
    paint(node, book);
    const loaded = await Promise.allSettled(months.map((month) => book.load(month)));
    if (own !== turn) return;
    const seen = paint(node, book);
    key.show({ seen, direct: book.direct, failed: !seen && loaded.some(({ status }) => status === "rejected") });
  }

  return { below: key.node, show };
}

/** Answers how many days have a price. */
function paint(node, book) {
  const days = [...node.querySelectorAll("[data-date]")].filter((day) => !day.disabled);
  const level = levelsOf(days.map((day) => book.quote(day.dataset.date)?.price).filter((price) => price !== undefined));
  let seen = 0;
  for (const day of days) {
    const { date } = day.dataset;
    const quote = book.quote(date);
    const [written, words] = [".day-price", ".day-words"].map((part) => day.querySelector(part));
    day.dataset.level = quote ? level(quote.price) : "none";
    if (!quote) {
      fill(written, "");
      fill(words, `${longDay(date)}, ${t("prices.day_none")}`);
      continue;
    }
    seen += 1;
    const exact = money(quote.price, book.unit.currency, book.unit.decimals);
    fill(written, h("bdi", {}, shortMoney(quote.price, book.unit.currency, book.unit.decimals)), h("span", { class: "level-dots" }));
    fill(words, `${longDay(date)}, ${t("prices.from", { price: exact })}, ${t(`prices.${day.dataset.level}`)}`);
  }
  return seen;
}
