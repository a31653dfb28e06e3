// The market's 24 hours in a line of figures.

import { element, say } from "../dom.js";
import { count, direction, duration, percent, sum } from "../format.js";

const FIGURES = ["Symbols", "Traded in 24 h", "Trades in 24 h", "Top gainer", "Top loser", "Least fresh"];

export class Summary {
  constructor() {
    this.places = FIGURES.map(() => ({
      figure: element("dd", { class: "number" }, "–"),
      beside: element("dd", { class: "beside" }),
    }));
    const pairs = FIGURES.map((words, index) => {
      const place = this.places[index];
      return element("div", {}, element("dt", {}, words), place?.figure ?? null, place?.beside ?? null);
    });
    this.element = element("dl", { class: "panel summary", "aria-label": "The market's last 24 hours" }, ...pairs);
  }

  /** @param {any} answer of `/market/summary` */
  show(answer) {
    const [largest, ...others] = [...answer.quote_volumes].sort((a, b) => b.trade_count - a.trade_count);
    const also = others.map((total) => `${sum(total.quote_volume)} ${total.quote_asset ?? ""}`).slice(0, 2);
    this.#say(
      0,
      count(answer.symbols),
      `${answer.up} up · ${answer.down} down${answer.flat ? ` · ${answer.flat} flat` : ""}`,
    );
    this.#say(
      1,
      largest ? `${sum(largest.quote_volume)} ${largest.quote_asset ?? ""}` : "–",
      also.join(" · ") || "quote volume",
    );
    this.#say(2, count(answer.trade_count), answer.basis === "tickers" ? "from tickers" : "from candles");
    this.#move(3, answer.top_gainer);
    this.#move(4, answer.top_loser);
    const { symbol, age_ms: age } = answer.stalest;
    this.#say(5, symbol ?? "–", symbol === null ? "" : age === null ? "never heard of" : `heard ${ago(age)}`);
  }

  /**
   * @param {number} index
   * @param {{symbol: string | null, price_change_pct: string | null}} move
   */
  #move(index, { symbol, price_change_pct: change }) {
    this.#say(index, symbol ?? "–", percent(change));
    const beside = this.places[index]?.beside;
    if (beside) beside.className = `beside number ${direction(change)}`;
  }

  /**
   * @param {number} index
   * @param {string} figure
   * @param {string} beside
   */
  #say(index, figure, beside) {
    const place = this.places[index];
    if (!place) return;
    say(place.figure, figure);
    say(place.beside, beside);
  }
}

/** @param {number} ms */
const ago = (ms) => (ms < 2_000 ? "just now" : `${duration(ms)} ago`);
