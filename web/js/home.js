// The first page: the form, searches made lately, the way to the map, and what Fareway promises.

import { fill, h, icon } from "./core/dom.js";
import { day } from "./core/format.js";
import { t } from "./core/i18n.js";
import { forgetSearches, recentSearches } from "./core/recent.js";
import { searchForm } from "./form/form.js";

const PROMISES = ["live", "exact", "open"];

/** Builds the page around a query. */
export function homePage(query, nav) {
  const form = searchForm(query, (asked) => nav.search(asked, form));
  const title = h("h1", { class: "hero-title", tabindex: "-1" }, t("home.title"));
  const recent = h("div", {});
  showRecent();
  document.title = t("home.page_title");
  const node = h("div", { class: "home" },
    h("section", { class: "hero" },
      h("div", { class: "hero-art", "aria-hidden": "true" }),
      h("div", { class: "wrap hero-in" }, title, h("p", { class: "hero-text" }, t("home.text")), form.node)),
    h("div", { class: "wrap" },
      recent,
      h("section", { class: "home-explore", "aria-labelledby": "home-explore" },
        h("div", {}, h("h2", { id: "home-explore" }, t("explore.title")), h("p", {}, t("explore.text"))),
        h("a", { class: "btn quiet", href: "/explore", on: { click: nav.follow } }, icon("pin"), t("shell.explore"))),
      h("section", { class: "promises", "aria-label": t("home.promises") }, PROMISES.map((name) =>
        h("div", { class: "promise" }, icon(`promise-${name}`, "promise-icon"), h("h2", {}, t(`home.${name}_title`)), h("p", {}, t(`home.${name}_text`)))))));

  function showRecent() {
    const searches = recentSearches();
    fill(recent, searches.length > 0 && h("section", { class: "recent", "aria-label": t("home.recent") },
      h("div", { class: "recent-head" }, h("h2", {}, t("home.recent")), h("button", { type: "button", class: "link", on: { click: () => { forgetSearches(); showRecent(); } } }, t("home.forget"))),
      h("ul", {}, searches.map(({ params, route, days }) => h("li", {}, h("a", { class: "recent-card", href: `/search?${params}`, on: { click: nav.follow } }, h("b", {}, h("bdi", {}, route)), h("span", {}, days.map(day).join(" – "))))))));
  }

  return { node, title, close() {}, restore() {}, token: () => null };
}
