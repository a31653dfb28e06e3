// What each process is for, and which of its figures are shown how.

import { count, duration, sum } from "../format.js";

/** @typedef {{name: string, words: string, told: (value: number) => string, fromZero: boolean}} Line */
/** @typedef {{name: string, does: string, lines: Line[], figures: [string, string, (value: number) => string][]}} Process */

/** @param {number} bytes */
export const size = (bytes) => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`);
/** @param {number} rate */
const perSecond = (rate) => `${rate >= 1_000 ? sum(rate) : rate >= 10 ? count(Math.round(rate)) : rate.toFixed(1)}/s`;
/** @param {number} cores */
const cores = (cores) => `${Math.round(cores * 100)} % of a core`;
/** @param {number} ms */
const lag = (ms) => (ms < 10_000 ? `${count(ms)} ms` : duration(ms));

/** @param {string} words @returns {Line} */
const rate = (words) => ({ name: "rate", words, told: perSecond, fromZero: true });
/** @type {Line} */
const MEMORY = { name: "memory", words: "Memory", told: size, fromZero: false };
/** @type {Line} */
const CPU = { name: "cpu", words: "CPU", told: cores, fromZero: true };
/** @type {Line} */
const WAITING = { name: "waiting", words: "Records waiting", told: count, fromZero: true };

/** @type {Record<string, Process>} */
export const PROCESSES = {
  connector: {
    name: "Connector",
    does: "The exchange’s sockets into Kafka, every trade once and in order",
    lines: [
      rate("Trades published"),
      { name: "lag_ms", words: "Behind the exchange", told: lag, fromZero: true },
      MEMORY,
      CPU,
    ],
    figures: [
      ["reconnects", "Reconnects", count],
      ["symbols", "Symbols", count],
      ["held_trades", "Trades held behind holes", count],
      ["dead_letters", "Set aside", count],
      ["weight_used", "Request weight used this minute", count],
    ],
  },
  stream: {
    name: "Stream",
    does: "Trades and marks into candles and alerts (Spark)",
    lines: [rate("Rows taken in"), WAITING, MEMORY, { ...CPU, words: "CPU, without the JVM" }],
    figures: [
      ["batches", "Batches", count],
      ["late_rows", "Rows too late", count],
    ],
  },
  tickers: {
    name: "Live lane",
    does: "Last prices and forming candles into Redis",
    lines: [WAITING, MEMORY, CPU],
    figures: [["failed_writes", "Failed writes", count]],
  },
  writer: {
    name: "Writer",
    does: "Candles, trades and alerts into Redis, PostgreSQL and the lake; keeps the books",
    lines: [rate("Rows offered to tiers"), WAITING, MEMORY, CPU],
    figures: [
      ["unproven_minutes", "Minutes unproven", count],
      ["contradictions", "Contradictions", count],
      ["dead_letters", "Set aside", count],
      ["postgres_bytes", "PostgreSQL’s size", size],
      ["redis_bytes", "Redis’ memory", size],
      ["disk_free_bytes", "Free on the disk", size],
    ],
  },
  repair: {
    name: "Repair",
    does: "Brings back what is missing, behind live traffic",
    lines: [rate("Ids brought back"), MEMORY, CPU],
    figures: [
      ["open_ids", "Ids missing now", count],
      ["open_entries", "Open entries", count],
      ["rows", "Ids brought back", count],
      ["recomputed_minutes", "Minutes computed again", count],
    ],
  },
  api: {
    name: "API",
    does: "This page, REST and live push",
    lines: [rate("Requests"), MEMORY, CPU],
    figures: [
      ["subscribers", "Who listens", count],
      ["pushed", "Messages pushed", count],
    ],
  },
};

/** @type {Record<string, [string, string]>} name and what it is for */
export const SERVERS = {
  kafka: ["Kafka", "The bus between all processes"],
  redis: ["Redis", "Hot tier and live values"],
  postgres: ["PostgreSQL", "Warm tier, ledger and books"],
};

/** @type {Record<string, [string, string]>} */
export const TIERS = {
  hot: ["Hot", "Redis: the last hour"],
  warm: ["Warm", "PostgreSQL: the last months"],
  cold: ["Cold", "The lake: all of it"],
};
