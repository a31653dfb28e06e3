// All symbols at once: the board, the market's day above it, the most traded beside it.

import { keepAsking } from "../api.js";
import { element } from "../dom.js";
import { listen, whenBack } from "../live.js";
import { Board } from "../overview/board.js";
import { Quotes } from "../overview/quotes.js";
import { Summary } from "../overview/summary.js";
import { byTrades, byVolume } from "../overview/tops.js";

export const title = "Overview";

const BOARD_MS = 5_000;
const TOP_MS = 15_000;
const AGE_MS = 1_000;
const TOP = "window=1h&limit=5";

/**
 * @param {HTMLElement} root
 * @returns {() => void} ends it
 */
export function show(root) {
  const quotes = new Quotes();
  const board = new Board(quotes);
  const summary = new Summary();
  const tops = { trades: byTrades(), volume: byVolume() };
  const beside = element("div", { class: "beside-board" }, tops.trades.element, tops.volume.element);
  root.append(summary.element, element("div", { class: "overview" }, board.element, beside));

  /** @param {any} answer */
  const take = ({ data }) => {
    quotes.take(data, performance.now());
    if (!board.rows.size || !board.body.matches(":hover")) board.arrange(); // no row moves away from under a finger
    board.changed(quotes.all.keys());
  };
  /** @param {any} answer */
  const sketch = ({ data }) => {
    for (const { symbol, closes } of data) board.rows.get(symbol)?.sketch(closes);
  };
  const askBoard = () => keepAsking("/api/v1/market/realtime", BOARD_MS, take, (error) => board.fail(error.message));
  const askLines = () => keepAsking("/api/v1/market/sparklines", TOP_MS, sketch);
  const asking = { board: askBoard(), lines: () => {} };
  const begun = new MutationObserver(() => {
    begun.disconnect();
    asking.lines = askLines(); // there are rows to draw into
  });
  begun.observe(board.body, { childList: true });
  const stops = [
    keepAsking("/api/v1/market/summary", BOARD_MS, (answer) => summary.show(answer)),
    keepAsking(`/api/v1/market/top-by-trades?${TOP}`, TOP_MS, ({ data }) => tops.trades.show(data)),
    keepAsking(`/api/v1/market/top-by-volume?${TOP}`, TOP_MS, ({ data }) => tops.volume.show(data)),
    listen(["!miniTicker@arr"], (tickers) => board.changed(quotes.hear(tickers, performance.now()))),
    whenBack(() => {
      asking.board();
      asking.board = askBoard();
    }),
    () => asking.board(),
    () => asking.lines(),
    () => begun.disconnect(),
    () => board.end(),
  ];
  const ageing = setInterval(() => board.age(), AGE_MS);
  return () => {
    clearInterval(ageing);
    for (const stop of stops) stop();
  };
}
