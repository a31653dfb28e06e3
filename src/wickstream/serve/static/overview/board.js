// The table of all symbols. Only rows near the screen are written into: 500 change every second.

import { element } from "../dom.js";
import { favourites, toggleFavourite } from "../favourites.js";
import { stateLine, tell } from "../states.js";
import { arranged } from "./order.js";
import { Row } from "./row.js";

/** @typedef {import("./order.js").Column} Column */
/** @typedef {import("./quotes.js").Quotes} Quotes */

/** @type {[Column | null, string, string, string][]} what is sorted by, words, class, explanation */
const COLUMNS = [
  ["symbol", "Symbol", "", "By name"],
  ["last", "Last price", "", ""],
  ["change", "24 h", "", "Change over 24 hours"],
  [null, "Last hour", "spark", ""],
  ["volume", "Volume", "wide", "Over 24 hours, in the quote asset; sorted by its worth in dollars"],
  ["trades", "Trades", "wide", "Over 24 hours"],
];

// What the reader chose last; it stays while he looks at other views.
const wish = {
  order: /** @type {import("./order.js").Order} */ ({ column: "volume", falling: true }),
  filter: "",
  favourites: favourites(),
  favouritesOnly: false,
};

export class Board {
  /** @param {Quotes} quotes */
  constructor(quotes) {
    this.quotes = quotes;
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    this.body = element("tbody");
    this.notice = stateLine("loading", "Loading symbols…");
    this.heads = COLUMNS.map(([column, words, look, why]) => head(column, words, look, why));
    const first = element("th", { scope: "col" }, element("span", { class: "unseen" }, "Favourite"));
    const table = element(
      "table",
      { class: "board" },
      element("thead", {}, element("tr", {}, first, ...this.heads)),
      this.body,
    );
    this.search = element("input", {
      ...{ id: "search", type: "search", class: "field", placeholder: "Search symbols", autocomplete: "off" },
      ...{ "aria-label": "Search symbols", spellcheck: "false", value: wish.filter },
    });
    this.only = element("button", { type: "button", id: "only" }, "★ Favourites");
    const tools = element("div", { class: "tools" }, this.search, this.only);
    const heading = element("div", { class: "heading" }, element("h1", {}, "Market"), tools);
    this.element = element("section", { class: "panel", "aria-label": "All symbols" }, heading, table, this.notice);
    this.sight = new IntersectionObserver((changes) => this.#see(changes), { rootMargin: "300px" });
    /** @type {number | undefined} a frame in which is written */
    this.pending = undefined;
    this.#listen();
  }

  /** Rows for what came, none for what went; all in their order. */
  arrange() {
    for (const symbol of this.quotes.all.keys()) if (!this.rows.has(symbol)) this.#add(symbol);
    for (const [symbol, row] of this.rows) if (!this.quotes.all.has(symbol)) this.#drop(row);
    const order = arranged(this.quotes.all, wish);
    let place = this.body.firstElementChild;
    for (const symbol of order) {
      const row = /** @type {Row} */ (this.rows.get(symbol)).element;
      if (row === place) place = place.nextElementSibling;
      else this.body.insertBefore(row, place);
    }
    while (place) {
      const next = place.nextElementSibling;
      place.remove();
      place = next;
    }
    this.#say(order.length);
  }

  /** @param {Iterable<string>} symbols */
  changed(symbols) {
    for (const symbol of symbols) {
      const row = this.rows.get(symbol);
      if (row) row.isDirty = true;
    }
    this.pending ??= requestAnimationFrame(() => this.#write());
  }

  /** What was silent for long is grey. */
  age() {
    const now = performance.now();
    for (const row of this.#seen()) row.age(/** @type {any} */ (this.quotes.all.get(row.symbol)), now);
  }

  /** @param {string} words */
  fail(words) {
    if (!this.rows.size) tell(this.notice, "error", words);
  }

  end() {
    this.sight.disconnect();
    if (this.pending) cancelAnimationFrame(this.pending);
  }

  #seen() {
    return [...this.rows.values()].filter((row) => row.isSeen && this.quotes.all.has(row.symbol));
  }

  #write() {
    this.pending = undefined;
    const now = performance.now();
    for (const row of this.#seen())
      if (row.isDirty) row.fill(/** @type {any} */ (this.quotes.all.get(row.symbol)), now);
  }

  /** @param {IntersectionObserverEntry[]} changes */
  #see(changes) {
    for (const { target, isIntersecting } of changes) {
      const row = this.rows.get(target.getAttribute("data-symbol") ?? "");
      if (row) row.isSeen = isIntersecting;
    }
    this.#write();
  }

  /** @param {string} symbol */
  #add(symbol) {
    const row = new Row(symbol);
    row.favour(wish.favourites.has(symbol));
    this.rows.set(symbol, row);
    row.fill(/** @type {any} */ (this.quotes.all.get(symbol)), performance.now());
    this.sight.observe(row.element);
  }

  /** @param {Row} row */
  #drop(row) {
    this.sight.unobserve(row.element);
    this.rows.delete(row.symbol);
  }

  /** @param {number} shown */
  #say(shown) {
    const nothing = this.quotes.all.size
      ? wish.favouritesOnly && !wish.filter
        ? "No favourite yet: a star beside a symbol makes it one."
        : `No symbol matches “${wish.filter}”.`
      : "No symbol is followed yet: the first ticker is on its way.";
    tell(this.notice, "empty", shown ? "" : nothing);
    this.only.setAttribute("aria-pressed", String(wish.favouritesOnly));
    for (const cell of this.heads) {
      if (cell.dataset.column !== wish.order.column) cell.removeAttribute("aria-sort");
      else cell.setAttribute("aria-sort", wish.order.falling ? "descending" : "ascending");
    }
  }

  #listen() {
    this.search.addEventListener("input", () => {
      wish.filter = this.search.value;
      this.arrange();
    });
    this.only.addEventListener("click", () => {
      wish.favouritesOnly = !wish.favouritesOnly;
      this.arrange();
    });
    this.element.querySelector("thead")?.addEventListener("click", ({ target }) => {
      const column = /** @type {Column | undefined} */ (
        target instanceof Element ? target.closest("th")?.dataset.column : undefined
      );
      if (!column) return;
      const falling = wish.order.column === column ? !wish.order.falling : column !== "symbol";
      wish.order = { column, falling };
      this.arrange();
    });
    this.body.addEventListener("click", (event) => this.#click(event));
    this.element.addEventListener("keydown", (event) => this.#walk(event));
  }

  /** @param {MouseEvent} event */
  #click({ target }) {
    const symbol = target instanceof Element ? target.closest("tr")?.dataset.symbol : undefined;
    if (!symbol || !(target instanceof Element)) return;
    if (!target.closest(".star")) {
      if (!target.closest("a")) location.hash = `#/symbol/${encodeURIComponent(symbol)}`;
      return;
    }
    this.rows.get(symbol)?.favour(toggleFavourite(symbol));
    wish.favourites = favourites();
    this.arrange();
    this.rows.get(symbol)?.star.focus();
  }

  /**
   * Arrows lead from the search through the rows and back; Enter in the search opens the first.
   * @param {KeyboardEvent} event
   */
  #walk(event) {
    const links = [...this.body.querySelectorAll("a")];
    const at = links.indexOf(/** @type {HTMLAnchorElement} */ (document.activeElement));
    if (event.key === "Enter" && event.target === this.search) links[0]?.click();
    if (event.key === "Escape" && event.target === this.search) {
      this.search.value = wish.filter = "";
      this.arrange();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || (at < 0 && event.target !== this.search)) return;
    event.preventDefault();
    (links[at + step] ?? (at + step < 0 ? this.search : undefined))?.focus();
  }
}

/**
 * @param {Column | null} column
 * @param {string} words
 * @param {string} look
 * @param {string} why
 */
function head(column, words, look, why) {
  const inside = column ? element("button", { type: "button", title: why || null }, words) : words;
  return element("th", { scope: "col", class: look || null, "data-column": column }, inside);
}
