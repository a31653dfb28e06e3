// One WebSocket to the API for all views: streams by name, subscribed to while somebody listens.

import { ask, Unanswered } from "./api.js";
import { heldKey, isKeyWanted, keyProtocols } from "./key.js";

/** @typedef {(data: any, stream: string) => void} Hear */
/** @typedef {"idle" | "connecting" | "open" | "lost" | "refused"} State */

const SAME_GATE = "/api/v1/stream"; // without a stream it opens nothing; to a page, a refused handshake says nothing

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
const BETWEEN_MS = 450; // two control messages fit in that; 5 in a second are too many

/** @type {Map<string, Set<Hear>>} */
const listeners = new Map();
/** @type {Set<(state: State, refusal: string) => void>} */
const watchers = new Set();
/** @type {Set<string>} */
let subscribed = new Set(); // of this connection
/** @type {WebSocket | null} */
let socket = null;
/** @type {State} */
let state = "idle";
let refusal = ""; // why the key does not open it
/** @type {number | undefined} */
let telling;
/** @type {number | undefined} */
let returning;
/** @type {string | null} */
let key = null; // that this connection began with
let failures = 0;
let lastId = 0;

/**
 * Hear what comes on these streams (`btcusdt@trade`, `btcusdt@kline_1m`, `!miniTicker@arr`, `!alerts`; /docs has them).
 * What was pushed while there was no connection does not come again: `watch` tells of a return.
 * @param {string[]} streams
 * @param {Hear} on
 * @returns {() => void} ends it
 */
export function listen(streams, on) {
  for (const stream of streams) {
    const heard = listeners.get(stream) ?? new Set();
    listeners.set(stream, heard.add(on));
  }
  if (!socket && returning === undefined && state !== "refused") connect();
  tellSoon();
  return () => {
    for (const stream of streams) {
      const heard = listeners.get(stream);
      heard?.delete(on);
      if (!heard?.size) listeners.delete(stream);
    }
    tellSoon();
  };
}

/**
 * Hear how the connection is, and why it is refused: at once, and whenever it changes.
 * @param {(state: State, refusal: string) => void} on
 * @returns {() => void} ends it
 */
export function watch(on) {
  watchers.add(on);
  on(state, refusal);
  return () => watchers.delete(on);
}

/**
 * Run at every return of the connection: what was missed meanwhile has to be asked for.
 * @param {() => void} on
 * @returns {() => void} ends it
 */
export function whenBack(on) {
  let wasLost = false;
  return watch((now) => {
    if (now === "open" && wasLost) on();
    wasLost = now === "lost" || now === "refused" || (wasLost && now !== "open");
  });
}

/**
 * @param {State} next
 * @param {string} [why]
 */
function become(next, why = "") {
  if (next === state) return;
  state = next;
  refusal = why;
  for (const on of [...watchers]) on(state, refusal);
}

function connect() {
  clearTimeout(returning);
  returning = undefined;
  if (isKeyWanted()) return; // with the key it goes on
  if (state !== "lost") become("connecting");
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  key = heldKey();
  socket = new WebSocket(`${scheme}://${location.host}/stream`, keyProtocols(key));
  let wasOpen = false;
  subscribed = new Set();
  socket.addEventListener("open", () => {
    failures = 0;
    wasOpen = true;
    tell();
    become("open");
  });
  socket.addEventListener("message", ({ data }) => hear(JSON.parse(data)));
  socket.addEventListener("close", () => {
    socket = null;
    if (state === "refused") return;
    become("lost");
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
    failures += 1;
    returning = setTimeout(connect, pause * (0.75 + Math.random() / 2));
    if (!wasOpen && key !== null && key === heldKey()) askWhy(key);
  });
}

/**
 * A key that may read need not be one that may listen.
 * @param {string} used
 */
async function askWhy(used) {
  try {
    await ask(SAME_GATE, undefined, used);
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    if (error.status !== 403 || used !== heldKey()) return; // it may come again
    clearTimeout(returning);
    returning = undefined;
    become("refused", error.message);
  }
}

/** Another key is held, or none, or none is wanted any more. */
function renew() {
  failures = 0;
  if (state === "refused") become("lost");
  if (!socket && (state !== "idle" || listeners.size)) connect();
  else if (key !== heldKey()) socket?.close();
}

/** @param {{stream?: string, data?: any}} message what has no stream answers a SUBSCRIBE */
function hear({ stream, data }) {
  if (stream !== undefined) for (const on of [...(listeners.get(stream) ?? [])]) on(data, stream);
}

function tellSoon() {
  if (telling !== undefined) return;
  telling = setTimeout(tell, subscribed.size ? BETWEEN_MS : 0);
}

function tell() {
  clearTimeout(telling);
  telling = undefined;
  if (socket?.readyState !== WebSocket.OPEN) return; // at its opening it is told
  const wanted = new Set(listeners.keys());
  send(
    "UNSUBSCRIBE",
    [...subscribed].filter((stream) => !wanted.has(stream)),
  );
  send(
    "SUBSCRIBE",
    [...wanted].filter((stream) => !subscribed.has(stream)),
  );
  subscribed = wanted;
}

/**
 * @param {string} method
 * @param {string[]} params
 */
function send(method, params) {
  if (params.length) socket?.send(JSON.stringify({ method, params, id: ++lastId }));
}

/** Who looks again, or has a network again, does not wait for the next attempt. */
function retry() {
  if (returning !== undefined && !document.hidden) connect();
}
addEventListener("online", retry);
document.addEventListener("visibilitychange", retry);
document.addEventListener("key", renew);
