// Who pushes: how much of what was traded was bought, and how much sold, by those who did not wait.

import { element, say } from "../dom.js";
import { share, sum } from "../format.js";

/** @typedef {import("./series.js").Candle} Candle */

const SPANS = [1, 10, 60];

/**
 * What takers bought and sold in these candles, in the quote asset.
 * @param {Candle[]} candles
 */
export function pressureOf(candles) {
  let buys = 0;
  let all = 0;
  for (const candle of candles) {
    buys += Number(candle.taker_buy_quote_volume);
    all += Number(candle.quote_volume);
  }
  return { buys, sells: all - buys, part: all ? buys / all : null };
}

export class Pressure {
  constructor() {
    this.rows = SPANS.map((candles) => {
      const bar = element("span", { class: "bought" });
      const buys = element("span", { class: "number up" }, "–");
      const sells = element("span", { class: "number down" }, "–");
      const words = candles === 1 ? "This candle" : `Last ${candles} candles`;
      const line = element("div", { class: "versus", "aria-hidden": "true" }, bar);
      return { candles, bar, buys, sells, element: element("li", {}, element("span", {}, words), buys, line, sells) };
    });
    const list = element("ul", {}, ...this.rows.map((row) => row.element));
    this.element = element("section", { class: "panel pressure" }, element("h2", {}, "Buys and sells"), list);
  }

  /** @param {(most: number) => Candle[]} last the newest candles */
  show(last) {
    for (const { candles, bar, buys, sells } of this.rows) {
      const found = pressureOf(last(candles));
      bar.style.inlineSize = `${100 * (found.part ?? 0.5)}%`;
      say(buys, found.part === null ? "–" : `${share(found.part)} · ${sum(found.buys)}`);
      say(sells, found.part === null ? "–" : `${share(1 - found.part)} · ${sum(found.sells)}`);
    }
  }
}
