// What the page asks of the API, and what went wrong in words.

const TIMEOUT_MS = 4000;

export class Unanswered extends Error {
  constructor(words, status) {
    super(words);
    this.status = status; // undefined: nobody answered at all
  }
}

async function get(path) {
  let answer;
  try {
    answer = await fetch(path, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new Unanswered("The API does not answer. Trying again.");
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Unanswered(body.detail ?? `The API answered ${answer.status}.`, answer.status);
  return body;
}

export const realtime = () => get("/api/v1/market/realtime");
export const health = () => get("/api/v1/system/health");
export const klines = (symbol, interval, limit) =>
  get(`/api/v1/analytics/klines/${encodeURIComponent(symbol)}?interval=${interval}&limit=${limit}`);
