// Amounts come as decimal strings; they are shown from their digits, not from floats.

import { zone } from "./zone.js";

const compact = new Intl.NumberFormat("en", {
  notation: "compact",
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const whole = new Intl.NumberFormat("en");
const QUOTES = ["USDT", "USDC", "FDUSD", "TUSD", "BTC", "ETH", "BNB", "EUR", "TRY"];
const NOTHING = "–";

/**
 * How many decimals a string really uses: "61607.99000000" → 2.
 * @param {string} amount
 */
export function decimalsOf(amount) {
  return (amount.split(".")[1] ?? "").replace(/0+$/, "").length;
}

/** @type {Map<string, number>} */
const places = new Map();

/**
 * The symbol's own decimals: as many as any of its prices that were seen used.
 * @param {string} symbol
 * @param {...(string | null | undefined)} prices
 */
export function decimals(symbol, ...prices) {
  let most = places.get(symbol) ?? 2;
  for (const price of prices) if (price) most = Math.max(most, decimalsOf(price));
  places.set(symbol, most);
  return most;
}

/**
 * "61607.99000000", 2 → "61,607.99"; digits that are not zero are never cut.
 * @param {string | null | undefined} amount
 * @param {number} [kept]
 */
export function price(amount, kept = 2) {
  if (amount === null || amount === undefined) return NOTHING;
  const [units = "", fraction = ""] = amount.split(".");
  const shown = fraction.slice(0, Math.max(kept, decimalsOf(amount))).padEnd(kept, "0");
  const grouped = units.replace(/\B(?=(\d{3})+$)/g, ",");
  return shown ? `${grouped}.${shown}` : grouped;
}

/**
 * A large sum in short: "2387104554.1139" → "2.39B".
 * @param {string | number | null | undefined} amount
 */
export const sum = (amount) => (amount === null || amount === undefined ? NOTHING : compact.format(Number(amount)));

/** @param {number | null | undefined} number */
export const count = (number) => (number === null || number === undefined ? NOTHING : whole.format(number));

/**
 * A change in percent, with its sign: "-0.412" → "−0.41 %".
 * @param {string | null | undefined} text
 */
export function percent(text) {
  if (text === null || text === undefined) return NOTHING;
  const shown = Math.abs(Number(text)).toFixed(2);
  return `${Number(shown) === 0 ? "" : Number(text) < 0 ? "−" : "+"}${shown} %`;
}

/**
 * A part of a whole: 0.5314 → "53.1 %".
 * @param {number | null} part
 */
export const share = (part) => (part === null || Number.isNaN(part) ? NOTHING : `${(100 * part).toFixed(1)} %`);

/**
 * The class of a change; what is told as 0.00 is none.
 * @param {string | number | null | undefined} change
 */
export const direction = (change) =>
  ({ "-1": "down", 0: "", 1: "up" })[Math.sign(Math.round(100 * Number(change ?? 0)))] ?? "";

/**
 * Base and quote asset, as far as the name tells.
 * @param {string} symbol
 * @returns {[string, string]}
 */
export function splitSymbol(symbol) {
  const quote = QUOTES.find((name) => symbol.endsWith(name) && symbol.length > name.length) ?? "";
  return [symbol.slice(0, symbol.length - quote.length), quote];
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const clocks = new Map();

/**
 * @param {number} ms
 * @param {Intl.DateTimeFormatOptions} shape
 */
function told(ms, shape) {
  const key = `${zone()} ${JSON.stringify(shape)}`;
  let clock = clocks.get(key);
  if (!clock) {
    clock = new Intl.DateTimeFormat("en-GB", { ...shape, ...(zone() === "utc" ? { timeZone: "UTC" } : {}) });
    clocks.set(key, clock);
  }
  return clock.format(ms);
}

/** @param {number} ms epoch; "14:05" */
export const minute = (ms) => told(ms, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
/** @param {number} ms epoch; "14:05:09" */
export const second = (ms) => told(ms, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
/** @param {number} ms epoch; "9 Aug 2024" */
export const day = (ms) => told(ms, { day: "numeric", month: "short", year: "numeric" });
/** @param {number} ms epoch; "9 Aug 2024, 14:05:09" */
export const moment = (ms) => `${day(ms)}, ${second(ms)}`;

/**
 * How long: "4 s", "3 min", "2 h".
 * @param {number} ms
 */
export function duration(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}
