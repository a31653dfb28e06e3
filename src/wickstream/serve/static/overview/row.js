// One symbol's row: made once, changed in place so that focus and layout stay.

import { element, say } from "../dom.js";
import { flash } from "../flash.js";
import { count, decimals, direction, percent, price, splitSymbol, sum } from "../format.js";
import { draw, sparkline } from "./sparkline.js";

/** @typedef {import("./quotes.js").Quote} Quote */

const STALE_MS = 15_000;

export class Row {
  /** @param {string} symbol */
  constructor(symbol) {
    this.symbol = symbol;
    const [base, quote] = splitSymbol(symbol);
    this.star = element("button", { type: "button", class: "star", "aria-label": `Favourite ${symbol}` }, "☆");
    this.link = element("a", { href: `#/symbol/${encodeURIComponent(symbol)}` }, base, element("small", {}, quote));
    this.last = element("span", { class: "mark" });
    this.change = element("td");
    this.line = sparkline();
    this.volume = element("td", { class: "wide" });
    this.trades = element("td", { class: "wide" });
    this.element = element(
      "tr",
      { "data-symbol": symbol },
      element("td", {}, this.star),
      element("th", { scope: "row" }, this.link),
      element("td", {}, this.last),
      this.change,
      element("td", { class: "spark" }, this.line),
      this.volume,
      this.trades,
    );
    this.isSeen = false; // what is far out of sight is not drawn
    this.isDirty = true;
    /** @type {string | null} */
    this.shown = null;
  }

  /** @param {boolean} isOne */
  favour(isOne) {
    say(this.star, isOne ? "★" : "☆");
    this.star.setAttribute("aria-pressed", String(isOne));
  }

  /**
   * @param {Quote} quote
   * @param {number} now
   */
  fill(quote, now) {
    this.isDirty = false;
    say(this.last, price(quote.last, decimals(quote.symbol, quote.last)));
    say(this.change, percent(quote.change));
    const way = direction(quote.change);
    if (this.change.className !== way) this.change.className = way;
    say(this.volume, sum(quote.quoteVolume));
    say(this.trades, count(quote.trades));
    this.age(quote, now);
    flash(this.last, this.shown, quote.last);
    this.shown = quote.last;
  }

  /**
   * @param {Quote} quote
   * @param {number} now
   */
  age(quote, now) {
    const isStale = quote.last === null || now - quote.heardAt > STALE_MS;
    if (isStale !== this.element.hasAttribute("data-stale")) this.element.toggleAttribute("data-stale", isStale);
  }

  /** @param {(string | null)[]} closes */
  sketch(closes) {
    draw(this.line, closes);
  }
}
