// A small line of the last minutes, from 0 or its lowest to its highest.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 120;
const HEIGHT = 28;
const EDGE = 2;

/**
 * @param {(number | null)[]} values oldest first; null: nothing was known, and the line is interrupted
 * @param {boolean} fromZero
 */
export function pathOf(values, fromZero) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return "";
  const low = fromZero ? 0 : Math.min(...known);
  const span = Math.max(...known) - low;
  const step = (WIDTH - 2 * EDGE) / (values.length - 1);
  let path = "";
  let isDrawing = false;
  values.forEach((value, index) => {
    if (value !== null) {
      const y = HEIGHT - EDGE - (span ? (value - low) / span : 0.5) * (HEIGHT - 2 * EDGE);
      path += `${isDrawing ? "L" : "M"}${(EDGE + index * step).toFixed(1)} ${y.toFixed(1)}`;
    }
    isDrawing = value !== null;
  });
  return path;
}

/**
 * @param {(number | null)[]} values
 * @param {{fromZero: boolean, words: (value: number) => string, name: string}} as
 */
export function line(values, { fromZero, words, name }) {
  const drawing = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  const known = values.filter((value) => value !== null);
  path.setAttribute("d", pathOf(values, fromZero));
  drawing.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  drawing.setAttribute("preserveAspectRatio", "none");
  drawing.setAttribute("role", "img");
  const range = known.length
    ? `between ${words(Math.min(...known))} and ${words(Math.max(...known))}`
    : "nothing known yet";
  drawing.setAttribute("aria-label", `${name}, last minutes: ${range}`);
  drawing.append(path);
  return drawing;
}
