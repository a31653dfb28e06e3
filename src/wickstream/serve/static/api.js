// What the page asks of the API, and what went wrong in words.

import { heldKey, judgeKey, keyHeaders } from "./key.js";

const TIMEOUT_MS = 8_000;
const LONGEST_PAUSE_MS = 10_000;

export class Unanswered extends Error {
  /**
   * @param {string} words
   * @param {number} [status] undefined: nobody answered at all
   */
  constructor(words, status) {
    super(words);
    this.status = status;
  }
}

/**
 * The JSON of an answer.
 * @param {string} path with its query
 * @param {AbortSignal} [signal] ends it: then an AbortError is thrown
 * @param {string | null} [key] to be sent with it; the one that is held, unless another is tried
 * @returns {Promise<any>}
 * @throws {Unanswered} with a sentence for people
 */
export async function ask(path, signal, key = heldKey()) {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let answer;
  try {
    answer = await fetch(path, {
      headers: keyHeaders(key),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Unanswered("The API does not answer. Trying again.");
  }
  const body = await answer.json().catch(() => ({}));
  judgeKey(key, answer.ok ? null : body);
  if (!answer.ok) throw new Unanswered(wordsOf(body) ?? `The API answered ${answer.status}.`, answer.status);
  return body;
}

/** @param {{type?: string, detail?: string}} problem */
const wordsOf = ({ type, detail }) => (type?.endsWith(":key-needed") ? "This API wants a key." : sentence(detail));

/** @param {string | undefined} words */
export const sentence = (words) =>
  words && `${words[0]?.toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? "" : "."}`;

/**
 * Ask again and again, not while nobody looks; what fails is asked again at once, then ever more slowly.
 * @param {string | (() => string)} path
 * @param {number} everyMs
 * @param {(answer: any) => void} on
 * @param {(error: Unanswered) => void} [onFailure]
 * @returns {() => void} ends it
 */
export function keepAsking(path, everyMs, on, onFailure = () => {}) {
  const ending = new AbortController();
  const address = typeof path === "string" ? () => path : path;
  let failures = 0;
  const turn = async () => {
    if (document.hidden) return;
    try {
      const answer = await ask(address(), ending.signal);
      failures = 0;
      if (!ending.signal.aborted) on(answer);
    } catch (error) {
      if (ending.signal.aborted) return;
      if (!(error instanceof Unanswered)) throw error;
      failures += 1;
      onFailure(error);
    }
  };
  const keep = async () => {
    while (!ending.signal.aborted) {
      await turn();
      await pause(
        failures ? Math.min(500 * 2 ** failures, Math.max(everyMs, LONGEST_PAUSE_MS)) : everyMs,
        ending.signal,
      );
    }
  };
  keep();
  return () => ending.abort();
}

/**
 * Until the time is over, the end has come, somebody looks again, or there is another key.
 * @param {number} ms
 * @param {AbortSignal} signal
 */
function pause(ms, signal) {
  return new Promise((resume) => {
    const over = () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", over);
      document.removeEventListener("key", over);
      signal.removeEventListener("abort", over);
      resume(undefined);
    };
    const timer = setTimeout(over, ms);
    document.addEventListener("visibilitychange", over);
    document.addEventListener("key", over);
    signal.addEventListener("abort", over);
  });
}
