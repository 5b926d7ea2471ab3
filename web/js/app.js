// Starts the page and moves between its places: the form, the results of one search, and the map.
// The address bar is the truth: every place can be reloaded, shared, and reached by back and forward.

import { chooserButton } from "./chooser.js";
import { createSearch } from "./core/api.js";
import { fill, h, icon } from "./core/dom.js";
import { noFilters, readView, writeView } from "./core/filters.js";
import { t, useLocale } from "./core/i18n.js";
import { emptyQuery, fromParams, legsOf, toParams, toRequest } from "./core/query.js";
import { learnt } from "./core/places.js";
import { rememberSearch } from "./core/recent.js";
import { applyTheme, choose, settings, visitWith } from "./core/settings.js";
import { listen, shown } from "./core/told.js";
import { explorePage } from "./explore/page.js";
import { homePage } from "./home.js";
import { resultsPage } from "./results/page.js";
import { routeText } from "./results/summary.js";

const main = document.getElementById("main");
const banner = document.getElementById("banner");
/** What is on screen: the page, its query, and the address that names the search. */
const current = { page: null, query: emptyQuery(), key: null };

const nav = {
  /** Runs a search from a form: the form keeps the traveller until the server took it. */
  async search(query, form) {
    form.busy(true);
    try {
      const { token } = await createSearch(toRequest(query, settings));
      history.pushState(null, "", addressOf(query, { token, sort: "best", filters: startFilters(query) }));
      remember(query);
      nav.offline(false);
      show(query, true);
    } catch (fault) {
      if (fault.name !== "ApiError") throw fault;
      form.refuse(fault);
    }
  },
  /** Searches a complete query, as a step of its own: other days picked among remembered prices. */
  go(query) {
    history.pushState(null, "", addressOf(query, { token: null, sort: "best", filters: startFilters(query) }));
    remember(query);
    show(query);
  },
  /** Asks everything anew: an expired link, other settings, a failed search. */
  again(query) {
    history.replaceState(null, "", addressOf(query, { token: null, sort: "best", filters: startFilters(query) }));
    show(query);
  },
  /** Loads what the address says once more. */
  retry() {
    nav.offline(false);
    route();
  },
  home() {
    history.pushState(null, "", "/");
    route();
  },
  /** Keeps the address in step with what is on screen. */
  address(view, push) {
    if (!current.query) return;
    const address = addressOf(current.query, view);
    if (push) history.pushState({ sheet: true }, "", address);
    else history.replaceState(history.state, "", address);
    current.key = keyOf(new URLSearchParams(location.search));
  },
  /** Keeps the address in step with the map. */
  exploring(params) {
    history.replaceState(null, "", `/explore?${params}`);
    current.key = exploreKey();
  },
  /** An open itinerary was closed by its own button: undo its step in the history. */
  closed(pushed) {
    if (pushed && history.state?.sheet) history.back();
    else {
      const params = new URLSearchParams(location.search);
      params.delete("open");
      history.replaceState(null, "", `/search?${params}`);
    }
  },
  /** Follows a link of the page without loading it anew. */
  follow(event) {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.pushState(null, "", event.currentTarget.href);
    route();
  },
  /** Goes to an address of the page. */
  open(address) {
    history.pushState(null, "", address);
    route();
  },
  /** Shows or hides the bar that says the server cannot be reached. */
  offline(on) {
    banner.hidden = !on;
    if (on) fill(banner, icon("state-offline"), h("span", {}, t("state.offline_bar")), h("button", { type: "button", class: "link", on: { click: () => nav.retry() } }, t("state.retry")));
  },
};

function remember(query) {
  rememberSearch({ params: toParams(query, settings).toString(), route: routeText(query), days: legsOf(query).map((leg) => leg.date).slice(0, 2) });
}

function startFilters(query) {
  const filters = noFilters();
  if (query.direct) filters.stops.add("0");
  return filters;
}

function addressOf(query, { token, sort, filters, open }) {
  const params = writeView(toParams(query, settings), sort, filters);
  if (token) params.set("token", token);
  if (open) params.set("open", open);
  return `/search?${params}`;
}

/** The part of an address that names a search: without sort, filters and what is open. */
function keyOf(params) {
  const query = fromParams(params);
  if (!query) return "home";
  const names = ["leg", "from", "to", "depart", "return", "adults", "children", "cabin", "nearby", "market", "currency", "token"];
  return names.map((name) => params.getAll(name).join("|")).join("&");
}

function exploreKey() {
  return `explore${location.search}`;
}

/** Shows what the address says. */
function route() {
  const params = new URLSearchParams(location.search);
  if (location.pathname === "/explore") {
    visitWith(params.get("market"), params.get("currency"));
    put(() => explorePage(params, nav), exploreKey());
    return;
  }
  const query = location.pathname.startsWith("/search") ? fromParams(params) : null;
  if (!query) {
    current.query = current.query ?? emptyQuery();
    show(null);
    return;
  }
  visitWith(params.get("market"), params.get("currency"));
  show(learnt(query));
}

/** Builds the page of a query, or the first page. `fresh`: the search was started just now. */
function show(query, fresh = false) {
  const params = new URLSearchParams(location.search);
  if (query) {
    current.query = query;
    const view = readView(params);
    if (query.direct && !params.has("stops") && !params.has("token")) view.filters.stops.add("0");
    put(() => resultsPage(query, { ...view, token: params.get("token"), fresh, open: params.get("open") }, nav), keyOf(params));
  } else {
    put(() => homePage(current.query, nav), "home");
  }
}

/** Replaces the page on screen. The old one is closed before the new one is built. */
function put(build, key) {
  current.page?.close();
  current.key = key;
  current.page = build();
  shown(key === "home" ? "search" : location.pathname === "/explore" ? "explore" : "results");
  frame(key !== "home");
  fill(main, current.page.node);
  scrollTo(0, 0);
  main.focus({ preventScroll: true });
}

function frame(inner) {
  document.body.classList.toggle("in-results", inner);
  document.getElementById("skip").textContent = t("shell.skip");
  fill(document.getElementById("top"), h("div", { class: "wrap top-in" },
    h("a", { class: "logo", href: "/", "aria-label": t("shell.home"), on: { click: nav.follow } }, icon("logo", "logo-mark"), h("span", { class: "logo-word", translate: "no" }, "Fareway")),
    h("nav", { class: "top-nav", "aria-label": t("shell.nav") }, h("a", { class: "top-link", href: "/explore", "aria-current": location.pathname === "/explore" ? "page" : null, on: { click: nav.follow } }, icon("pin"), h("span", {}, t("shell.explore")))),
    chooserButton(onChoose)));
  fill(document.getElementById("foot"), h("div", { class: "wrap foot-in" }, h("p", {}, t("shell.foot")), h("p", {}, h("a", { href: "/openapi.json" }, t("shell.api")))));
}

async function onChoose(changes) {
  const asked = settings.market !== changes.market || settings.currency !== changes.currency;
  choose(changes);
  await useLocale(settings.locale);
  if (asked && location.pathname.startsWith("/search") && current.query) nav.again(current.query);
  else if (asked && location.pathname === "/explore") {
    const params = new URLSearchParams(location.search);
    for (const name of ["market", "currency", "max"]) params.delete(name);
    history.replaceState(null, "", `/explore?${params}`);
    route();
  }
  else route();
  document.querySelector(".top-button")?.focus();
}

addEventListener("popstate", () => {
  const params = new URLSearchParams(location.search);
  const key = location.pathname.startsWith("/search") ? keyOf(params) : location.pathname === "/explore" ? exploreKey() : "home";
  if (key === current.key) current.page?.restore(params.get("open"));
  else route();
});
addEventListener("offline", () => nav.offline(true));
addEventListener("online", () => nav.offline(false));

listen();
applyTheme();
await useLocale(settings.locale);
route();
