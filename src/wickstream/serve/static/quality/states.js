// What can become of a minute, an hour and an entry of the ledger: words and letters, the same everywhere.

import { count, minute } from "../format.js";

/**
 * An hour of a symbol, as `/api/v1/system/integrity` counts it.
 * @typedef {object} Hour
 * @property {string} symbol
 * @property {number} open_time
 * @property {number} minutes
 * @property {number} complete
 * @property {number} repaired
 * @property {number} quiet
 * @property {number} halted
 * @property {number} missing
 * @property {number} unproven
 */

/** @typedef {"missing" | "halted" | "repaired" | "quiet" | "complete"} State */

/** Worst first: an hour is shown as the first of these that it has some of. */
export const STATES = /** @type {State[]} */ (["missing", "halted", "repaired", "quiet", "complete"]);

/** @type {Record<State | "none", string>} */
export const LETTERS = { missing: "M", halted: "H", repaired: "R", quiet: "Q", complete: "", none: "" };

/** @type {Record<State, string>} */
export const MEANINGS = {
  complete: "closed with proof, as first computed",
  repaired: "closed with proof, after something was brought back",
  quiet: "closed with proof, and nothing was traded",
  halted: "the exchange did not trade it",
  missing: "no closed candle, and no proof why",
};

/**
 * What an hour is shown as. Minutes without trades are usual: only an hour that has mostly such is called quiet.
 * @param {Hour | undefined} hour
 * @returns {State | "none"}
 */
export function stateOf(hour) {
  if (!hour) return "none";
  const worst = STATES.find((state) => hour[state] > 0) ?? "none";
  return worst === "quiet" && hour.quiet * 2 <= hour.minutes ? "complete" : worst;
}

/**
 * "58 complete, 2 missing"
 * @param {Record<State, number>} counts
 */
export function tally(counts) {
  const told = [...STATES].reverse().filter((state) => counts[state] > 0);
  return told.map((state) => `${count(counts[state])} ${state}`).join(", ") || "nothing";
}

/** @param {number} open epoch ms of an hour; "14:00–15:00" */
export const span = (open) => `${minute(open)}–${minute(open + 3_600_000)}`;

/**
 * An entry of the ledger.
 * @typedef {object} Gap
 * @property {string} symbol
 * @property {string} status
 * @property {number | null} first_trade_id
 * @property {number | null} last_trade_id
 * @property {number} ids
 * @property {number | null} open_time
 * @property {number} detected_at
 * @property {string | null} filled_by
 * @property {string | null} evidence
 */

/** @type {Record<string, [string, string]>} mood and words of each status */
export const STATUSES = {
  open: ["bad", "Not here yet; repair is looking for them."],
  filled: ["good", "Fetched in time, before their minutes were closed."],
  repaired: ["good", "Brought back later; their candles were computed again."],
  candles_only: ["warn", "Candles are exact; the single trades are not to be had."],
  absent: ["", "The exchange itself does not have them."],
  halted: ["", "The exchange did not trade in this minute."],
};

/** @type {Record<string, string>} */
const PLACES = {
  rest: "the exchange’s REST API",
  archive: "the exchange’s archive",
  ws: "the socket",
  agg: "aggregate trades",
  kafka: "Kafka",
};

/** @param {string | null} filledBy */
export const place = (filledBy) => (filledBy === null ? "–" : (PLACES[filledBy] ?? filledBy));

/**
 * Which ids, or which minute, an entry is of.
 * @param {Gap} gap
 */
export function subject(gap) {
  if (gap.first_trade_id === null) return gap.open_time === null ? "–" : `minute ${minute(gap.open_time)}`;
  if (gap.ids === 1) return `id ${gap.first_trade_id}`;
  return `${count(gap.ids)} ids, ${gap.first_trade_id}–${gap.last_trade_id}`;
}
