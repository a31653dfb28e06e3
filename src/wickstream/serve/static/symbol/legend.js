// What the candle under the pointer says, or the newest: a line above the chart, and the alerts of that candle below it.

import { explained, headline } from "../alert_words.js";
import { element, say } from "../dom.js";
import { count, direction, minute, moment, percent, price, second, sum } from "../format.js";
import { vwapOf } from "./proof.js";

/** @typedef {import("./series.js").Candle} Candle */
/** @typedef {import("../alert_words.js").Alert} Alert */

const NAMES = ["Open", "High", "Low", "Close", "Change", "VWAP", "Volume", "Trades"];
const LISTED = 8;

export class Legend {
  constructor() {
    this.time = element("span", { class: "number" });
    this.values = NAMES.map(() => element("b", {}, "–"));
    const pairs = NAMES.map((name, index) => element("span", {}, `${name} `, this.values[index] ?? null));
    this.element = element("p", { class: "legend number" }, this.time, ...pairs);
  }

  /**
   * @param {Candle} candle
   * @param {number} kept decimals of the symbol
   */
  show(candle, kept) {
    const change = Number(candle.open) ? (100 * (Number(candle.close) - Number(candle.open))) / Number(candle.open) : 0;
    const prices = [candle.open, candle.high, candle.low, candle.close].map((amount) => price(amount, kept));
    const words = [
      ...prices,
      percent(String(change)),
      vwapOf(candle, kept),
      sum(candle.volume),
      count(candle.trade_count),
    ];
    say(this.time, moment(candle.open_time).slice(0, -3));
    this.values.forEach((value, index) => say(value, words[index] ?? ""));
    const coloured = this.values[NAMES.indexOf("Change")];
    if (coloured) coloured.className = direction(change);
  }
}

export class AlertList {
  constructor() {
    this.title = element("h2");
    this.list = element("ul");
    this.none = element("p", { class: "why" });
    this.element = element("section", { class: "panel marks" }, this.title, this.list, this.none);
    this.shown = "";
  }

  /**
   * @param {Alert[]} alerts the newest first
   * @param {number | null} time of the candle they belong to; null: of all that are loaded
   * @param {string} note
   */
  show(alerts, time, note) {
    const key = `${time} ${note} ${alerts.map((alert) => alert.alert_id + alert.value).join()}`;
    if (key === this.shown) return;
    this.shown = key;
    say(this.title, time === null ? "Whales and spikes" : `Whales and spikes at ${minute(time)}`);
    this.list.replaceChildren(...alerts.slice(0, LISTED).map(item));
    const more = alerts.length - LISTED;
    const empty = time === null ? "None among the candles that are loaded." : "None in this candle.";
    say(this.none, alerts.length ? [more > 0 ? `And ${count(more)} more.` : "", note].join(" ").trim() : empty);
  }
}

/** @param {Alert} alert */
function item(alert) {
  const side = alert.facts.side === "buy" ? "up" : alert.facts.side === "sell" ? "down" : "spike";
  return element(
    "li",
    { "data-type": alert.type },
    element("span", { class: "number when" }, second(alert.at)),
    element("b", { class: side }, headline(alert)),
    element("span", {}, explained(alert)),
  );
}
