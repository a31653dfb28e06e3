// The newest trades, one line each; the lines stay, what they say changes.

import { element, say } from "../dom.js";
import { decimals, price, second } from "../format.js";

/** @typedef {{id: number, price: string, quantity: string, at: number, isBuy: boolean}} Trade */

const LINES = 20;

/** @param {any} row of `/analytics/trades` */
export const tradeOfRow = (row) => ({
  ...{ id: row.trade_id, price: row.price, quantity: row.quantity, at: row.traded_at, isBuy: !row.buyer_is_maker },
});

/** @param {any} frame of `@trade` */
export const tradeOfFrame = (frame) => ({
  ...{ id: frame.t, price: frame.p, quantity: frame.q, at: frame.T, isBuy: !frame.m },
});

export class RecentTrades {
  /** @param {string} symbol */
  constructor(symbol) {
    this.symbol = symbol;
    /** @type {Trade[]} the newest first */
    this.trades = [];
    /** @type {number | undefined} a frame in which is written */
    this.pending = undefined;
    const body = element("tbody");
    this.lines = Array.from({ length: LINES }, () => {
      const cells = Array.from({ length: 4 }, () => element("td"));
      const row = element("tr", {}, ...cells);
      body.append(row);
      return { row, cells };
    });
    const heads = ["Time", "Side", "Price", "Quantity"].map((words) => element("th", { scope: "col" }, words));
    this.table = element("table", {}, element("thead", {}, element("tr", {}, ...heads)), body);
    this.element = element("section", { class: "panel trades" }, element("h2", {}, "Recent trades"), this.table);
  }

  /**
   * In any order, some perhaps known.
   * @param {Trade[]} trades
   */
  take(trades) {
    const known = new Set(this.trades.map(({ id }) => id));
    const all = [...trades.filter(({ id }) => !known.has(id)), ...this.trades].sort((a, b) => b.id - a.id);
    this.trades = all.slice(0, LINES);
    this.pending ??= requestAnimationFrame(() => this.#write());
  }

  end() {
    if (this.pending) cancelAnimationFrame(this.pending);
  }

  #write() {
    this.pending = undefined;
    const kept = decimals(this.symbol, ...this.trades.map((trade) => trade.price));
    this.lines.forEach(({ row, cells }, index) => {
      const trade = this.trades[index];
      const words = trade
        ? [second(trade.at), trade.isBuy ? "Buy" : "Sell", price(trade.price, kept), price(trade.quantity, 5)]
        : [];
      cells.forEach((cell, at) => say(cell, words[at] ?? ""));
      const look = trade ? (trade.isBuy ? "up" : "down") : "";
      if (row.className !== look) row.className = look;
    });
  }
}
