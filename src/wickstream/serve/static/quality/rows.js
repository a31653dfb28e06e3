// Hours in rows: a symbol's day each, or of one symbol a day each. Times are the reader's.

import { day, minute } from "../format.js";
import { zone } from "../zone.js";
import { stateOf } from "./states.js";

/** @typedef {import("./states.js").Hour} Hour */
/** @typedef {import("./grid.js").Row} Row */

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** @param {number} ms */
const hourOf = (ms) => (zone() === "utc" ? new Date(ms).getUTCHours() : new Date(ms).getHours());

/**
 * 24 hours that end with the one of `last`, a row a symbol.
 * @param {Hour[]} hours
 * @param {number} last open time of the newest hour
 * @param {boolean} onlyTrouble leave out symbols that are whole
 * @returns {{columns: string[], rows: Row[]}}
 */
export function bySymbol(hours, last, onlyTrouble) {
  const opens = Array.from({ length: 24 }, (_, index) => last - (23 - index) * HOUR_MS);
  /** @type {Map<string, Row>} */
  const rows = new Map();
  for (const hour of hours) {
    const row = rows.get(hour.symbol) ?? rowOf(hour.symbol);
    rows.set(hour.symbol, row);
    const place = opens.indexOf(hour.open_time);
    if (place >= 0) row.hours[place] = hour;
  }
  const all = [...rows.values()];
  return {
    columns: opens.map((open) => minute(open).replace(/:00$/, "")),
    rows: onlyTrouble ? all.filter((row) => row.hours.some((hour) => isTrouble(hour))) : all,
  };
}

/** @param {Hour | undefined} hour */
const isTrouble = (hour) => ["missing", "halted", "repaired"].includes(stateOf(hour));

/** @param {string} symbol @returns {Row} */
const rowOf = (symbol) => ({
  ...{ key: symbol, head: symbol, link: `#/quality?symbol=${encodeURIComponent(symbol)}` },
  hours: Array.from({ length: 24 }),
});

/**
 * One symbol's days, the newest first, from midnight to midnight where the reader is.
 * @param {Hour[]} hours
 * @returns {{columns: string[], rows: Row[]}}
 */
export function byDay(hours) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  for (const hour of hours) {
    const key = day(hour.open_time);
    const row = rows.get(key) ?? {
      key,
      head: key.replace(/ \d{4}$/, ""),
      link: null,
      hours: Array.from({ length: 24 }),
    };
    rows.set(key, row);
    const place = hourOf(hour.open_time);
    row.hours[place] = added(row.hours[place], hour); // clocks that are put back have an hour twice
  }
  return {
    columns: Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0")),
    rows: [...rows.values()].reverse(),
  };
}

/**
 * @param {Hour | undefined} one
 * @param {Hour} other
 * @returns {Hour}
 */
function added(one, other) {
  if (!one) return other;
  const sum = (/** @type {"minutes"|"complete"|"repaired"|"quiet"|"halted"|"missing"|"unproven"} */ name) =>
    one[name] + other[name];
  return {
    ...other,
    ...{ minutes: sum("minutes"), complete: sum("complete"), repaired: sum("repaired"), quiet: sum("quiet") },
    ...{ halted: sum("halted"), missing: sum("missing"), unproven: sum("unproven") },
  };
}
