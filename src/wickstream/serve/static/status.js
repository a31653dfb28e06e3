// The line in the header: where the trades come from, and whether they still come.

import { day, duration } from "./format.js";

const SILENT_MS = 5_000;
const DAY_MS = 86_400_000;

/** What `health` says of the source, in words. */
function sourceWords(source) {
  if (source === "demo") return "Demo: recorded trades";
  if (source.startsWith("replay:")) return "Replaying a recording";
  return "Live from the exchange";
}

/** The day of a recording that is played with its own times; moved to now, it has none. */
function recordedOn(asOf) {
  return Date.now() - asOf > DAY_MS ? ` of ${day(asOf)}` : "";
}

/** Mood and sentence; `health` may be null as long as it was not answered, `failure` is the last error's words. */
export function describe(health, board, failure) {
  if (failure) return ["bad", failure];
  if (!health || !board) return ["waiting", "Asking the API…"];
  const source = sourceWords(health.source);
  const broken = Object.entries(health.components).filter(([, { state }]) => state !== "up");
  if (broken.length) return ["warn", `${source} · ${broken.map(([name]) => name).join(", ")} down`];
  if (board.as_of === null) return ["waiting", `${source} · waiting for the first trade`];
  if (health.source.startsWith("replay:")) return ["good", source + recordedOn(board.as_of)];
  if (board.lag_ms > SILENT_MS) return ["warn", `${source} · feed silent for ${duration(board.lag_ms)}`];
  return ["good", `${source} · up to date`];
}

export function show(element, [mood, words]) {
  element.querySelector(".dot").dataset.mood = mood;
  const line = element.querySelector(".words");
  if (line.textContent !== words) line.textContent = words; // a screen reader speaks only changes
}
