// The views, in the order of the navigation: where each is, and what it is called.

/**
 * A view builds into `root` and returns what ends it: timers, questions, subscriptions.
 * @typedef {{rest: string, query: URLSearchParams}} Params `#/symbol/BTCUSDT?interval=5m`: rest is BTCUSDT
 * @typedef {{title: string, show: (root: HTMLElement, params: Params) => () => void}} View
 * @typedef {{name: string, words: string, load: () => Promise<View>}} Entry
 */

/** @type {Entry[]} */
export const VIEWS = [
  { name: "", words: "Overview", load: () => import("./views/overview.js") },
  { name: "symbol", words: "Symbol", load: () => import("./views/symbol.js") },
  { name: "alerts", words: "Alerts", load: () => import("./views/alerts.js") },
  { name: "quality", words: "Data quality", load: () => import("./views/quality.js") },
  { name: "system", words: "System", load: () => import("./views/system.js") },
];
