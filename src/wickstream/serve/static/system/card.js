// One process: its state in words, small charts, and figures.

import { element, say } from "../dom.js";
import { duration } from "../format.js";
import { line } from "./line.js";

/** @typedef {import("./processes.js").Process} Process */

export class Card {
  /**
   * @param {string} name
   * @param {Process} process
   */
  constructor(name, process) {
    this.name = name;
    this.process = process;
    this.badge = element("span", { class: "badge" });
    this.about = element("p", { class: "hint" });
    this.charts = process.lines.map((shown) => {
      const value = element("span", { class: "number" }, "–");
      const chart = element("div", { class: "chart" });
      return {
        shown,
        value,
        chart,
        element: element("div", { class: "line" }, element("span", { class: "words" }, shown.words), value, chart),
      };
    });
    this.figures = process.figures.map(([figure, words, told]) => {
      const value = element("dd", { class: "number" }, "–");
      return { figure, told, value, element: element("div", {}, element("dt", {}, words), value) };
    });
    const list = this.figures.length ? element("dl", {}, ...this.figures.map((one) => one.element)) : null;
    this.element = element(
      "section",
      { class: "panel component", "aria-label": process.name, "data-component": name },
      element("h2", {}, process.name, this.badge),
      element("p", { class: "does" }, process.does),
      this.about,
      element("div", { class: "lines" }, ...this.charts.map((one) => one.element)),
      list,
    );
  }

  /**
   * @param {import("./samples.js").Component} component
   * @param {import("./samples.js").Sample} sample
   * @param {import("./samples.js").Samples} samples
   * @param {number} at ms
   */
  show(component, sample, samples, at) {
    const isUp = component.state === "up";
    this.element.dataset.state = component.state;
    this.badge.dataset.mood = isUp ? "good" : "warn";
    say(this.badge, component.state);
    const ran = component.started_at === null ? "" : `Running for ${duration(Math.max(0, at - component.started_at))}.`;
    say(this.about, isUp ? ran : `Not known how it is: ${component.why}. It may be down, or run elsewhere.`);
    for (const { shown, value, chart } of this.charts) {
      const now = sample[shown.name] ?? null;
      say(value, now === null ? "–" : shown.told(now));
      chart.replaceChildren(
        line(samples.line(this.name, shown.name), { ...shown, name: shown.words, words: shown.told }),
      );
    }
    for (const { figure, told, value } of this.figures) {
      const now = sample[figure] ?? null;
      say(value, now === null ? "–" : told(now));
    }
  }
}
