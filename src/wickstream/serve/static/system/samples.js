// What was seen of each process lately: levels as they were, totals as rates between two looks.

/** @typedef {{name: string, value: number}} Figure */
/** @typedef {{component: string, state: string, why: string | null, at: string, started_at: number | null, memory_bytes: number | null, cpu_ms: number | null, figures: Figure[]}} Component */
/** @typedef {Record<string, number | null>} Sample */

const KEPT = 120; // looks: ten minutes of one every five seconds

export class Samples {
  constructor() {
    /** @type {Map<string, {at: number, totals: Record<string, number>, started: number | null}>} */
    this.before = new Map();
    /** @type {Map<string, Sample[]>} */
    this.lines = new Map();
  }

  /**
   * @param {Component} component
   * @param {number} at ms, of the API's clock
   * @returns {Sample} what is known now; null: nothing is, or not yet
   */
  take(component, at) {
    const figures = Object.fromEntries(component.figures.map(({ name, value }) => [name, value]));
    /** @type {Record<string, number>} */
    const totals = { ...figures, ...(component.cpu_ms === null ? {} : { cpu_ms: component.cpu_ms }) };
    const before = this.before.get(component.component);
    const seconds = before ? (at - before.at) / 1000 : 0;
    /** @param {string} name */
    const rate = (name) => {
      const [now, then] = [totals[name], before?.totals[name]];
      if (now === undefined || then === undefined || seconds <= 0 || now < then) return null; // it was started again
      return before?.started === component.started_at ? (now - then) / seconds : null;
    };
    const sample = {
      ...figures,
      memory: component.memory_bytes,
      rate: rate("rows"),
      cpu: scaled(rate("cpu_ms"), 0.001),
    };
    if (component.state === "up") this.before.set(component.component, { at, totals, started: component.started_at });
    else this.before.delete(component.component);
    const line = this.lines.get(component.component) ?? [];
    this.lines.set(component.component, [...line, component.state === "up" ? sample : {}].slice(-KEPT));
    return sample;
  }

  /**
   * @param {string} component
   * @param {string} name
   * @returns {(number | null)[]} oldest first
   */
  line(component, name) {
    return (this.lines.get(component) ?? []).map((sample) => sample[name] ?? null);
  }
}

/**
 * @param {number | null} value
 * @param {number} by
 */
const scaled = (value, by) => (value === null ? null : value * by);
