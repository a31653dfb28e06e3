// Which symbol it is, and its day: name, price, change, high, low, volume, trades.

import { keepAsking } from "../api.js";
import { element, say } from "../dom.js";
import { flash } from "../flash.js";
import { count, decimals, direction, percent, price, splitSymbol, sum } from "../format.js";
import { listen } from "../live.js";

const BOARD_MS = 10_000;
const FIGURES = ["24 h high", "24 h low", "24 h volume", "24 h trades"];

/**
 * A symbol's day, from the board or a ticker frame.
 * @typedef {{last: string | null, change: string | null, high: string | null, low: string | null,
 *   volume: string | null, trades: number | null}} Day
 */

export class Heading {
  /**
   * @param {string} symbol
   * @param {(symbol: string) => void} onChoose
   */
  constructor(symbol, onChoose) {
    this.symbol = symbol;
    this.choice = element(
      "select",
      { class: "field", id: "choose", "aria-label": "Symbol" },
      element("option", { value: symbol }, symbol),
    );
    this.choice.addEventListener("change", () => onChoose(this.choice.value));
    this.price = element("span", { class: "price number", id: "price" }, "–");
    this.change = element("span", { class: "change number", id: "change" }, "–");
    this.figures = FIGURES.map(() => element("dd", { class: "number" }, "–"));
    const pairs = FIGURES.map((words, index) =>
      element("div", {}, element("dt", {}, words), this.figures[index] ?? null),
    );
    const name = splitSymbol(symbol).filter(Boolean).join(" / ");
    const title = element("h1", { id: "chosen" }, name);
    const head = element("div", { class: "who" }, title, this.price, this.change);
    this.element = element("div", { class: "symbol-head" }, head, element("dl", { class: "day" }, ...pairs));
    /** @type {string | null} */
    this.last = null;
    this.stops = [
      keepAsking("/api/v1/market/realtime", BOARD_MS, ({ data }) => this.#take(data)),
      listen([`${symbol.toLowerCase()}@ticker`], (ticker) => this.#show(dayOfTicker(ticker))),
    ];
  }

  /** @param {string} last of a trade */
  traded(last) {
    const kept = decimals(this.symbol, last);
    say(this.price, price(last, kept));
    flash(this.price, this.last, last);
    this.last = last;
    document.title = `${price(last, kept)} ${this.symbol} · wickstream`;
  }

  end() {
    for (const stop of this.stops) stop();
  }

  /** @param {any[]} data */
  #take(data) {
    const known = [...this.choice.options].map(({ value }) => value);
    const symbols = [...new Set([...data.map(({ symbol }) => symbol), this.symbol])].sort();
    if (known.join() !== symbols.join()) {
      this.choice.replaceChildren(
        ...symbols.map((symbol) => element("option", { value: symbol, selected: symbol === this.symbol }, symbol)),
      );
    }
    const row = data.find(({ symbol }) => symbol === this.symbol);
    if (row) this.#show(dayOfRow(row));
  }

  /** @param {Day} day */
  #show(day) {
    const kept = decimals(this.symbol, day.last, day.high, day.low);
    const words = [price(day.high, kept), price(day.low, kept), sum(day.volume), count(day.trades)];
    this.figures.forEach((figure, index) => say(figure, words[index] ?? "–"));
    say(this.change, percent(day.change));
    this.change.className = `change number ${direction(day.change)}`;
    if (day.last !== null) this.traded(day.last);
  }
}

/**
 * @param {any} row of `/market/realtime`
 * @returns {Day}
 */
const dayOfRow = (row) => ({
  ...{ last: row.last_price, change: row.price_change_pct, high: row.high_price, low: row.low_price },
  ...{ volume: row.quote_volume, trades: row.trade_count },
});

/**
 * @param {any} ticker frame of `@ticker`
 * @returns {Day}
 */
const dayOfTicker = (ticker) => ({
  ...{ last: ticker.c, change: ticker.P, high: ticker.h, low: ticker.l, volume: ticker.q, trades: ticker.n },
});
