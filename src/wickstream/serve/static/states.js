// Lines that say why there is nothing to see, or nothing new.

import { element, say } from "./dom.js";

/** @typedef {"loading" | "empty" | "stale" | "error"} Mood */

/**
 * A line with a mood; it is spoken when it changes.
 * @param {Mood} mood
 * @param {string} words
 */
export function stateLine(mood, words) {
  return element("p", { class: "state", role: "status", "data-mood": mood }, words);
}

/**
 * Change what such a line says; no words: hide it.
 * @param {HTMLElement} line
 * @param {Mood} mood
 * @param {string} words
 */
export function tell(line, mood, words) {
  line.dataset.mood = mood;
  say(line, words);
  line.hidden = words === "";
}
