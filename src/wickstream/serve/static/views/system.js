// How each process, server and tier is. What cannot be known is said to be unknown.

import { keepAsking } from "../api.js";
import { element, say } from "../dom.js";
import { duration, moment } from "../format.js";
import { stateLine, tell } from "../states.js";
import { Card } from "../system/card.js";
import { PROCESSES, SERVERS, TIERS } from "../system/processes.js";
import { Samples } from "../system/samples.js";

export const title = "System";

const EVERY_MS = 5_000;
const samples = new Samples(); // kept while the reader looks at other views

/**
 * @param {HTMLElement} root
 * @returns {() => void} ends it
 */
export function show(root) {
  const cards = new Map(Object.entries(PROCESSES).map(([name, process]) => [name, new Card(name, process)]));
  const notice = stateLine("loading", "Asking every process how it is…");
  const links = element("nav", { class: "links", "aria-label": "Elsewhere" });
  const servers = facts("Servers", SERVERS);
  const tiers = facts("Tiers", TIERS);
  const heading = element("div", { class: "heading" }, element("h1", {}, title), links);
  root.append(
    heading,
    notice,
    element(
      "div",
      { class: "components" },
      ...[...cards.values()].map((card) => card.element),
      servers.element,
      tiers.element,
    ),
  );
  let heard = 0;
  const stops = [
    keepAsking(
      "/api/v1/system/components",
      EVERY_MS,
      (answer) => {
        heard = answer.taken_at;
        for (const component of answer.components) {
          const sample = samples.take(component, answer.taken_at);
          cards.get(component.component)?.show(component, sample, samples, answer.taken_at);
        }
        links.replaceChildren(...elsewhere(answer.links));
        tell(notice, "empty", "");
      },
      (error) =>
        tell(
          notice,
          heard ? "stale" : "error",
          heard ? `Seen ${duration(Date.now() - heard)} ago. ${error.message}` : error.message,
        ),
    ),
    keepAsking("/api/v1/system/health", EVERY_MS, (health) => {
      for (const [name, { state }] of Object.entries(health.components)) servers.show(name, state, "");
      for (const [name, { state, newest_closed }] of Object.entries(health.tiers)) {
        tiers.show(
          name,
          state,
          newest_closed === null ? "no closed candle yet" : `newest closed minute ${moment(newest_closed)}`,
        );
      }
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/**
 * A panel of names, each with its state and a line beside it.
 * @param {string} words
 * @param {Record<string, [string, string]>} names
 */
function facts(words, names) {
  const rows = Object.fromEntries(
    Object.entries(names).map(([name, [called, does]]) => {
      const badge = element("span", { class: "badge" }, "…");
      const beside = element("span", { class: "hint" });
      return [
        name,
        {
          badge,
          beside,
          element: element(
            "li",
            { "data-name": name },
            element("strong", {}, called),
            badge,
            element("span", { class: "does" }, does),
            beside,
          ),
        },
      ];
    }),
  );
  return {
    element: element(
      "section",
      { class: "panel component facts", "aria-label": words },
      element("h2", {}, words),
      element("ul", {}, ...Object.values(rows).map((row) => row.element)),
    ),
    /**
     * @param {string} name
     * @param {string} state
     * @param {string} beside
     */
    show(name, state, beside) {
      const row = rows[name];
      if (!row) return;
      row.badge.dataset.mood = state === "up" ? "good" : "bad";
      say(row.badge, state);
      say(row.beside, beside);
    },
  };
}

/** @param {{docs: string, grafana: string | null, airflow: string | null}} links */
function elsewhere({ docs, grafana, airflow }) {
  const known = /** @type {[string, string | null][]} */ ([
    ["API documentation", docs],
    ["Metrics", "/metrics"],
    ["Grafana", grafana],
    ["Airflow", airflow],
  ]);
  return known.flatMap(([words, href]) =>
    href ? [element("a", { href, ...(href.startsWith("http") ? { rel: "noopener noreferrer" } : {}) }, words)] : [],
  );
}
