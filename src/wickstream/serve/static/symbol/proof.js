// The two cards below the chart: the last closed candle with its proof, and the one that is forming.

import { element, say } from "../dom.js";
import { count, minute, price } from "../format.js";

/** @typedef {import("./series.js").Candle} Candle */

/** @type {Record<string, string>} */
const ORIGINS = {
  trades: "every trade",
  agg: "aggregate trades",
  exchange: "exchange kline",
  archive: "exchange archive",
};
const FACTS = ["Open → close", "Low – high", "VWAP", "Volume", "Trades", "Trade ids", "Origin"];

/**
 * The mood, badge and sentence for a closed candle.
 * @param {Candle} candle
 * @param {Candle | undefined} before the candle of the window before, if there is one
 * @returns {[string, string, string]}
 */
export function verdict(candle, before) {
  if (candle.first_trade_id === null || candle.last_trade_id === null) {
    return ["", "taken over", "Taken over from the exchange as it is; its trade ids are not known here."];
  }
  if ((candle.origin ?? "trades") !== "trades") {
    return ["good", "recomputed", "Exact, from the exchange's aggregate trades; the single trades are not kept here."];
  }
  const ids = candle.last_trade_id - candle.first_trade_id + 1;
  if (ids !== candle.trade_count) {
    return [
      "good",
      "proved",
      `${count(ids - candle.trade_count)} ids in this range are absent on the exchange itself, too.`,
    ];
  }
  const chained = before?.closed && before.last_trade_id !== null && before.last_trade_id + 1 === candle.first_trade_id;
  const chain = chained ? " The range follows on the candle before without a hole." : "";
  return ["good", "proved", `Each of the ${count(ids)} ids of this range was counted exactly once.${chain}`];
}

class Card {
  constructor() {
    this.title = element("span");
    this.badge = element("span", { class: "badge" });
    this.why = element("p", { class: "why" });
    this.values = FACTS.map(() => element("dd", { class: "number" }, "–"));
    const pairs = FACTS.flatMap((name, index) => [element("dt", {}, name), this.values[index] ?? null]);
    const heading = element("h2", {}, this.title, this.badge);
    this.element = element("article", { class: "card" }, heading, element("dl", {}, ...pairs), this.why);
  }

  /**
   * @param {string} title
   * @param {string[]} values
   * @param {[string, string, string]} verdict mood, badge and why
   */
  say(title, values, [mood, badge, why]) {
    say(this.title, title);
    say(this.badge, badge);
    this.badge.hidden = badge === "";
    this.badge.dataset.mood = mood;
    this.values.forEach((value, index) => say(value, values[index] ?? "–"));
    say(this.why, why);
  }
}

export class Proof {
  constructor() {
    this.closed = new Card();
    this.forming = new Card();
    this.closed.element.id = "closed";
    this.forming.element.id = "forming";
    this.element = element("section", { class: "panel proof", "aria-label": "The proof of the newest candles" });
    this.element.append(this.closed.element, this.forming.element);
  }

  /**
   * @param {Candle[]} candles the newest few, in order of time
   * @param {number} kept decimals of the symbol
   */
  show(candles, kept) {
    const at = candles.findLastIndex((candle) => candle.closed);
    const closed = candles[at];
    if (closed) this.closed.say(`Closed ${span(closed)}`, facts(closed, kept), verdict(closed, candles[at - 1]));
    else
      this.closed.say("Last closed candle", [], ["", "", "None yet: a candle closes when its last trade is proven."]);
    const last = candles.at(-1);
    const why = "Changes with every trade, until a trade or ticker past its end proves that it is whole.";
    if (last && !last.closed) this.forming.say(`Forming ${span(last)}`, facts(last, kept), ["warn", "open", why]);
    else this.forming.say("Forming candle", [], ["", "", "No trade in the running window yet."]);
  }
}

/** @param {Candle} candle */
const span = (candle) => `${minute(candle.open_time)}–${minute(candle.close_time + 1)}`;

/**
 * In the order of FACTS.
 * @param {Candle} candle
 * @param {number} kept
 */
const facts = (candle, kept) => [
  `${price(candle.open, kept)} → ${price(candle.close, kept)}`,
  `${price(candle.low, kept)} – ${price(candle.high, kept)}`,
  vwapOf(candle, kept),
  price(candle.volume, 0),
  count(candle.trade_count),
  candle.first_trade_id === null ? "–" : `${candle.first_trade_id} – ${candle.last_trade_id}`,
  ORIGINS[candle.origin ?? "trades"] ?? candle.origin ?? "–",
];

/**
 * Rounded to the symbol's decimals: between two ticks there is no price.
 * @param {Candle} candle
 * @param {number} kept
 */
export function vwapOf(candle, kept) {
  const vwap = Number(candle.vwap ?? Number(candle.quote_volume) / Number(candle.volume));
  return Number.isFinite(vwap) && vwap ? price(vwap.toFixed(kept), kept) : "–";
}
