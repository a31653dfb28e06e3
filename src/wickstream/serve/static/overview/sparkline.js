// A small line: the closes of an hour.

const SVG = "http://www.w3.org/2000/svg";
export const WIDTH = 96;
export const HEIGHT = 24;
const EDGE = 2;

/**
 * The path through these closes; where one lacks, the line is interrupted. Without a close it is empty.
 * @param {(string | null)[]} closes minute by minute
 */
export function pathOf(closes) {
  const values = closes.map((close) => (close === null ? null : Number(close)));
  const known = values.filter((value) => value !== null);
  const low = Math.min(...known);
  const span = Math.max(...known) - low;
  const step = (WIDTH - 2 * EDGE) / Math.max(1, closes.length - 1);
  let path = "";
  let isDrawing = false;
  values.forEach((value, index) => {
    if (value !== null) {
      const height = span ? (value - low) / span : 0.5;
      const y = HEIGHT - EDGE - height * (HEIGHT - 2 * EDGE);
      path += `${isDrawing ? "L" : "M"}${(EDGE + index * step).toFixed(1)} ${y.toFixed(1)}`;
    }
    isDrawing = value !== null;
  });
  return path;
}

/** An empty one; of a chart that small the numbers beside it say more to who cannot see it. */
export function sparkline() {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  drawing.setAttribute("width", String(WIDTH));
  drawing.setAttribute("height", String(HEIGHT));
  drawing.setAttribute("aria-hidden", "true");
  drawing.append(document.createElementNS(SVG, "path"));
  return drawing;
}

/**
 * @param {SVGElement} drawing
 * @param {(string | null)[]} closes
 */
export function draw(drawing, closes) {
  const known = closes.filter((close) => close !== null);
  const rise = Number(known.at(-1)) - Number(known[0]);
  drawing.setAttribute("class", rise > 0 ? "up" : rise < 0 ? "down" : "");
  drawing.firstElementChild?.setAttribute("d", pathOf(closes));
}
