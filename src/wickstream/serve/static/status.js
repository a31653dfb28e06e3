// The line in the header: where the trades come from, and whether they still come.

import { keepAsking } from "./api.js";
import { byId, say } from "./dom.js";
import { day, duration } from "./format.js";
import { watch } from "./live.js";

const EVERY_MS = 2_000;
const SILENT_MS = 3_000;
const DAY_MS = 86_400_000;

/**
 * What is known of the system at a moment.
 * @typedef {object} Known
 * @property {any} health what `/api/v1/system/health` answered last; null: nothing yet
 * @property {number} silentMs for how long nothing new was heard of the exchange
 * @property {string | null} failure the words of the last question, if it failed
 * @property {boolean} isLost the live connection is gone
 * @property {string} refusal why there is to be none
 */

/**
 * What `health` says of the source, in words.
 * @param {string} source
 * @param {number | null} asOf
 */
function sourceWords(source, asOf) {
  if (source === "demo") return "Demo: recorded trades";
  if (source.startsWith("replay:")) return `Replaying a recording${recordedOn(asOf)}`;
  if (source === "live") return "Live from the exchange";
  return "Made-up market";
}

/**
 * The day of a recording that is played with its own times; moved to now, it has none.
 * @param {number | null} asOf
 */
const recordedOn = (asOf) => (asOf !== null && Date.now() - asOf > DAY_MS ? ` from ${day(asOf)}` : "");

/**
 * Mood and sentence.
 * @param {Known} known
 * @returns {[string, string]}
 */
export function describe({ health, silentMs, failure, isLost, refusal }) {
  if (failure) return ["bad", failure];
  if (!health) return ["waiting", "Asking the API…"];
  const source = sourceWords(health.source, health.as_of);
  const broken = Object.entries(health.components).filter(([, { state }]) => state !== "up");
  if (broken.length) return ["warn", `${source} · ${broken.map(([name]) => name).join(", ")} down`];
  if (refusal) return ["warn", `${source} · no live updates. ${refusal}`];
  if (isLost) return ["warn", `${source} · live updates interrupted, connecting again`];
  if (health.as_of === null) return ["waiting", `${source} · waiting for the first trade`];
  if (silentMs > SILENT_MS) return ["warn", `${source} · feed silent for ${duration(silentMs)}`];
  return ["good", health.source.startsWith("replay:") ? source : `${source} · up to date`];
}

export function startStatus() {
  const line = byId("status");
  const words = /** @type {HTMLElement} */ (line.querySelector(".words"));
  const dot = /** @type {HTMLElement} */ (line.querySelector(".dot"));
  /** @type {Known} */
  const known = { health: null, silentMs: 0, failure: null, isLost: false, refusal: "" };
  let newest = 0; // by our clock, when `as_of` moved last
  const show = () => {
    const [mood, sentence] = describe(known);
    dot.dataset.mood = mood;
    say(words, sentence);
  };
  watch((state, refusal) => {
    Object.assign(known, { isLost: state === "lost", refusal });
    show();
  });
  keepAsking(
    "/api/v1/system/health",
    EVERY_MS,
    (health) => {
      const isReplay = health.source.startsWith("replay:");
      if (health.as_of !== known.health?.as_of) newest = Date.now() - (isReplay ? 0 : (health.lag_ms ?? 0));
      Object.assign(known, { health, failure: null, silentMs: Date.now() - newest });
      show();
    },
    (error) => {
      known.failure = error.message;
      show();
    },
  );
}
