// The page: what is chosen, and the three questions it keeps asking.

import * as api from "./api.js";
import { Board } from "./board.js";
import { Chart } from "./chart.js";
import { decimalsOf, direction, percent, price, splitSymbol } from "./format.js";
import { showClosed, showForming } from "./proof.js";
import * as status from "./status.js";
import { startTheme } from "./theme.js";

const HISTORY = 500;
const NEWEST = 4;
const EVERY_MS = 1000;
const HEALTH_EVERY_MS = 5000;

const at = (id) => document.getElementById(id);
const chart = new Chart(at("chart"));
const board = new Board(at("rows"), at("board-notice"), { onChoose: (symbol) => (location.hash = `#${symbol}`) });
const now = { symbol: null, interval: "1m", drawn: null, decimals: 2, market: null, health: null, failure: null };

async function refreshBoard() {
  try {
    now.market = await api.realtime();
    now.failure = null;
    board.show(now.market.data);
    if (!now.symbol && now.market.data.length) chooseFromAddress();
    board.choose(now.symbol);
    showPrice();
  } catch (error) {
    now.failure = error.message;
    board.fail(error.message);
  }
  showStatus();
}

async function refreshHealth() {
  now.health = await api.health().catch(() => now.health);
  showStatus();
}

async function refreshCandles() {
  if (!now.symbol) return;
  const wanted = choiceKey();
  const isNew = now.drawn !== wanted;
  try {
    const { data } = await api.klines(now.symbol, now.interval, isNew ? HISTORY : NEWEST);
    if (wanted !== choiceKey()) return; // another choice was made meanwhile
    if (isNew) draw(wanted, data);
    else if (data[0].open_time > chart.newestOpenTime) now.drawn = null; // slept: the newest few leave a hole
    else chart.update(data);
    showCards(data);
    at("chart-notice").textContent = data.length ? "" : "No candle yet: the first trades are on their way.";
  } catch (error) {
    if (isNew) at("chart-notice").textContent = error.message;
  }
}

const choiceKey = () => `${now.symbol} ${now.interval}`;

function draw(wanted, rows) {
  if (!rows.length) return;
  now.decimals = Math.max(board.decimals(now.symbol), ...rows.flatMap((row) => [row.high, row.low].map(decimalsOf)));
  chart.replace(rows, now.decimals);
  now.drawn = wanted;
}

function showCards(rows) {
  const closed = rows.findLastIndex((row) => row.closed);
  const last = rows.at(-1);
  showClosed(at("closed"), rows[closed], rows[closed - 1], now.decimals);
  showForming(at("forming"), last?.closed ? undefined : last, now.decimals);
}

function showPrice() {
  const entry = now.market.data.find((row) => row.symbol === now.symbol);
  if (!entry) return;
  const change = entry.price_change_pct;
  at("price").textContent = entry.last_price === null ? "" : price(entry.last_price, board.decimals(now.symbol));
  at("change").textContent = change === null ? "" : percent(change);
  at("change").className = `change ${change === null ? "" : direction(change)}`;
  document.title = entry.last_price === null ? "wickstream" : `${at("price").textContent} ${now.symbol} · wickstream`;
}

function showStatus() {
  status.show(at("status"), status.describe(now.health, now.market, now.failure));
}

function chooseFromAddress() {
  const named = decodeURIComponent(location.hash.slice(1));
  const symbols = now.market?.data.map((row) => row.symbol) ?? [];
  choose({ symbol: symbols.includes(named) ? named : symbols[0] });
}

function choose(choice) {
  Object.assign(now, choice);
  for (const button of at("intervals").children) button.setAttribute("aria-pressed", button.value === now.interval);
  if (!now.symbol) return; // the board is on its way
  at("chosen").textContent = splitSymbol(now.symbol).filter(Boolean).join(" / ");
  at("chart-notice").textContent = "Loading candles…";
  board.choose(now.symbol);
  showPrice();
  refreshCandles();
}

async function keep(asking, everyMs) {
  for (;;) {
    if (!document.hidden) await asking();
    await new Promise((resume) => setTimeout(resume, everyMs));
  }
}

at("intervals").addEventListener("click", ({ target }) => target.value && choose({ interval: target.value }));
addEventListener("hashchange", () => {
  chooseFromAddress();
  at("chosen").scrollIntoView({ block: "nearest" });
});
startTheme(at("theme"), () => chart.paint());
keep(refreshBoard, EVERY_MS);
keep(refreshCandles, EVERY_MS);
keep(refreshHealth, HEALTH_EVERY_MS);
