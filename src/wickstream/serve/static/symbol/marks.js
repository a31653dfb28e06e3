// Alerts of the candles that are shown: which candle each belongs to, and the markers drawn there. Pure.

import { sideOf } from "../alert_words.js";

/** @typedef {import("../alert_words.js").Alert} Alert */
/** @typedef {{time: number, kind: "buy" | "sell" | "spike", count: number}} Mark */

export class Marks {
  /** @param {number} stepMs width of a candle */
  constructor(stepMs) {
    this.step = stepMs;
    /** @type {Map<number, Map<string, Alert>>} by open time, then by id: each once */
    this.windows = new Map();
  }

  /** @param {Alert[]} alerts what comes again takes the place of what it was */
  take(alerts) {
    for (const alert of alerts) {
      const time = alert.at - (alert.at % this.step);
      const window = this.windows.get(time) ?? new Map();
      this.windows.set(time, window.set(alert.alert_id, alert));
    }
  }

  /**
   * Those of a candle, the newest first.
   * @param {number} time its open time
   */
  at(time) {
    return [...(this.windows.get(time)?.values() ?? [])].sort(newestFirst);
  }

  /**
   * The newest of all.
   * @param {number} most
   */
  newest(most) {
    const found = [];
    for (const time of [...this.windows.keys()].sort((a, b) => b - a)) {
      found.push(...this.at(time));
      if (found.length >= most) break;
    }
    return found.slice(0, most);
  }

  /** At most one a candle and kind, in order of time. */
  drawn() {
    /** @type {Mark[]} */
    const marks = [];
    for (const time of [...this.windows.keys()].sort((a, b) => a - b)) {
      const counts = { buy: 0, sell: 0, spike: 0 };
      for (const alert of this.windows.get(time)?.values() ?? []) counts[kindOf(alert)] += 1;
      for (const kind of /** @type {const} */ (["buy", "sell", "spike"])) {
        if (counts[kind]) marks.push({ time, kind, count: counts[kind] });
      }
    }
    return marks;
  }
}

/** @param {Alert} alert */
function kindOf(alert) {
  const side = sideOf(alert);
  return side === "buy" || side === "sell" ? side : "spike";
}

/**
 * @param {Alert} a
 * @param {Alert} b
 */
const newestFirst = (a, b) => b.at - a.at || (a.alert_id < b.alert_id ? 1 : -1);
