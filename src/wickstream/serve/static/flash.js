// A cell that changed lights up softly, and only for who has not asked for less motion.

const FADE_MS = 700;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * @param {Element} mark
 * @param {string | null} before
 * @param {string | null} now
 */
export function flash(mark, before, now) {
  if (before === null || now === null || before === now || calm.matches) return;
  const colour = `var(--flash-${Number(now) > Number(before) ? "up" : "down"})`;
  mark.animate([{ backgroundColor: colour }, { backgroundColor: "transparent" }], {
    duration: FADE_MS,
    easing: "ease-in",
  });
}
