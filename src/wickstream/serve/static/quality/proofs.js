// The last proof, the last validation, and one count beside another.

import { keepAsking } from "../api.js";
import { element } from "../dom.js";
import { count, day, duration, minute, moment } from "../format.js";
import { stateLine, tell } from "../states.js";

const PROOFS_MS = 30_000;
const AGREEMENT_MS = 5_000;
const SHOWN = 3; // faults of a check

/** @typedef {{check: string, passed: boolean, judged: number, found: number, remark: string, faults: {symbol: string, open_time: number | null, what: string}[]}} Check */
/** @typedef {{kind: string, ended_at: number, passed: boolean, start: number | null, end: number | null, symbols: string[], checks: Check[]}} Proof */

class Card {
  /**
   * @param {string} words
   * @param {string} waiting
   */
  constructor(words, waiting) {
    this.badge = element("span", { class: "badge" }, "–");
    this.content = element("div", {});
    this.notice = stateLine("loading", waiting);
    this.element = element(
      "section",
      { class: "panel verdict", "aria-label": words },
      element("h2", {}, words, " ", this.badge),
      this.notice,
      this.content,
    );
    this.badge.hidden = true;
  }

  /**
   * @param {boolean} isGood
   * @param {string} words
   * @param {(Node | string)[]} content
   */
  show(isGood, words, content) {
    this.badge.hidden = false;
    this.badge.dataset.mood = isGood ? "good" : "bad";
    this.badge.textContent = words;
    this.content.replaceChildren(...content);
    tell(this.notice, "empty", "");
  }
}

/** @param {Proof} proof */
function scope(proof) {
  const [first] = proof.symbols;
  const symbols = proof.symbols.length === 1 ? first : `${count(proof.symbols.length)} symbols`;
  const from = proof.start === null ? "all that is stored" : `from ${moment(proof.start)}`;
  return `${symbols}, ${from}${proof.end === null ? "" : ` to ${minute(proof.end)}`}`;
}

/** @param {Check} check */
function line(check) {
  const found = check.found
    ? `${count(check.found)} ${check.found === 1 ? "fault" : "faults"}`
    : check.remark || "no fault";
  const mark = element(
    "span",
    { class: check.passed ? "good" : "bad" },
    check.passed ? "✓" : "✗",
    element("span", { class: "unseen" }, check.passed ? " passed" : " failed"),
  );
  const faults = check.faults.slice(0, SHOWN).map((fault) => {
    const where = [fault.symbol, fault.open_time === null ? "" : `${day(fault.open_time)}, ${minute(fault.open_time)}`]
      .filter(Boolean)
      .join(" ");
    return element("li", {}, `${where ? `${where}: ` : ""}${fault.what}`);
  });
  return element(
    "li",
    {},
    mark,
    ` ${check.check} `,
    element("span", { class: "hint" }, `${count(check.judged)} judged, ${found}`),
    faults.length ? element("ul", { class: "faults" }, ...faults) : null,
  );
}

/**
 * @param {Card} card
 * @param {Proof | undefined} proof
 * @param {string} nothing
 */
function showProof(card, proof, nothing) {
  if (!proof) return tell(card.notice, "empty", nothing);
  const age = `${duration(Math.max(0, Date.now() - proof.ended_at))} ago`;
  const ended = element(
    "p",
    {},
    element("time", { datetime: new Date(proof.ended_at).toISOString(), title: moment(proof.ended_at) }, age),
    `: ${scope(proof)}.`,
  );
  card.show(proof.passed, proof.passed ? "passed" : "failed", [
    ended,
    element("ul", { class: "checks" }, ...proof.checks.map(line)),
  ]);
}

/**
 * @param {Card} card
 * @param {any[]} rows
 * @param {boolean} isPart there is more than was asked for
 */
function showAgreement(card, rows, isPart) {
  const total = (/** @type {(row: any) => number} */ of) => rows.reduce((sum, row) => sum + of(row), 0);
  const compared = total((row) => row.compared);
  const differing = rows.flatMap((row) =>
    row.differing.map((/** @type {any} */ one) => ({ ...one, symbol: row.symbol })),
  );
  if (!compared) {
    card.badge.hidden = true;
    card.content.replaceChildren();
    return tell(
      card.notice,
      "empty",
      "Nothing to compare yet: a minute is, when the live lane saw all of it and Spark has closed it.",
    );
  }
  const others = [
    [total((row) => row.waiting), "not closed yet"],
    [total((row) => row.partial), "not seen whole by the live lane"],
  ].filter(([number]) => number);
  const beside = others.map(([number, words]) => `${count(Number(number))} ${words}`).join(", ");
  card.show(differing.length === 0, differing.length ? "they differ" : "they agree", [
    element(
      "p",
      {},
      `${count(compared)} minutes of ${count(rows.length)}${isPart ? " and more" : ""} symbols counted by both, ${differing.length ? count(differing.length) : "none"} of them differently.`,
    ),
    element("p", { class: "hint" }, beside ? `Besides: ${beside}.` : ""),
    element(
      "ul",
      { class: "faults" },
      ...differing.slice(0, 5).map((one) => element("li", {}, `${one.symbol} ${minute(one.open_time)}: ${one.what}`)),
    ),
  ]);
}

/** @returns {{element: HTMLElement, end: () => void}} */
export function proofs() {
  const proof = new Card("Last proof", "Asking for the last proof…");
  const validation = new Card("Last validation", "Asking for the last validation…");
  const agreement = new Card("Live lane against Spark", "Comparing…");
  const fail =
    (/** @type {Card[]} */ ...cards) =>
    (/** @type {Error} */ error) =>
      cards.forEach((card) => tell(card.notice, "error", error.message));
  const stops = [
    keepAsking(
      "/api/v1/system/proofs?kind=verify&limit=1",
      PROOFS_MS,
      ({ data }) =>
        showProof(
          proof,
          data[0],
          "Nothing was proven yet: “wickstream verify” does it, and the schedule each night at 03:00 UTC.",
        ),
      fail(proof),
    ),
    keepAsking(
      "/api/v1/system/proofs?kind=validate&limit=1",
      PROOFS_MS,
      ({ data }) =>
        showProof(
          validation,
          data[0],
          "Nothing was validated yet: “wickstream validate” does it, and the schedule every 5 minutes.",
        ),
      fail(validation),
    ),
    keepAsking(
      "/api/v1/system/agreement",
      AGREEMENT_MS,
      ({ data, next_cursor }) => showAgreement(agreement, data, Boolean(next_cursor)),
      fail(agreement),
    ),
  ];
  return {
    element: element("div", { class: "proofs" }, proof.element, validation.element, agreement.element),
    end: () => stops.forEach((stop) => stop()),
  };
}
