// The most traded symbols of the last hour: a short list by trades, one by volume.

import { element, say } from "../dom.js";
import { count, splitSymbol, sum } from "../format.js";

const PLACES = 5;

export class Top {
  /**
   * @param {string} words
   * @param {(row: any) => string} figure
   * @param {(row: any) => number} size what the bars are drawn by
   */
  constructor(words, figure, size) {
    this.figure = figure;
    this.size = size;
    this.list = element("ol");
    this.rows = Array.from({ length: PLACES }, () => {
      const link = element("a", {});
      const amount = element("span", { class: "number" });
      const bar = element("span", { class: "bar-of", "aria-hidden": "true" });
      const item = element("li", {}, link, amount, bar);
      this.list.append(item);
      return { item, link, amount, bar };
    });
    this.element = element("section", { class: "panel top" }, element("h2", {}, words), this.list);
  }

  /** @param {any[]} data largest first */
  show(data) {
    const most = Math.max(1, ...data.map(this.size));
    this.rows.forEach(({ item, link, amount, bar }, index) => {
      const row = data[index];
      item.toggleAttribute("data-empty", !row);
      say(link, row ? splitSymbol(row.symbol).filter(Boolean).join(" / ") : "");
      say(amount, row ? this.figure(row) : "");
      bar.style.inlineSize = row ? `${(100 * this.size(row)) / most}%` : "0";
      if (row) link.href = `#/symbol/${encodeURIComponent(row.symbol)}`;
      else link.removeAttribute("href");
    });
  }
}

export const byTrades = () =>
  new Top(
    "Most trades, last hour",
    (row) => count(row.trade_count),
    (row) => row.trade_count,
  );

export const byVolume = () =>
  new Top(
    "Most volume, last hour",
    (row) =>
      row.usd_volume === null ? `${sum(row.quote_volume)} ${row.quote_asset ?? ""}` : `$${sum(row.usd_volume)}`,
    (row) => Number(row.usd_volume ?? 0),
  );
