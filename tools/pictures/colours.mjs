/**
 * What a terminal of each theme shows: window, text, and the sixteen colours that it names itself. The rest of the table
 * of 256 is the same in both.
 */
export const themes = {
  light: {
    background: "#ffffff",
    border: "#d0d7de",
    text: "#1f2328",
    label: "#59636e",
    named: [
      ...["#24292f", "#cf222e", "#116329", "#7d4e00", "#0969da", "#8250df", "#1b7c83", "#6e7781"],
      ...["#57606a", "#a40e26", "#1a7f37", "#633c01", "#218bff", "#a475f9", "#3192aa", "#57606a"],
    ],
  },
  dark: {
    background: "#0d1117",
    border: "#3d444d",
    text: "#e6edf3",
    label: "#9198a1",
    named: [
      ...["#6e7681", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4"],
      ...["#6e7681", "#ffa198", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#f0f6fc"],
    ],
  },
};

/** "#008700" of a number from 16 to 255: a cube of six steps each for red, green and blue, then greys. */
export function fixedColour(number) {
  if (number >= 232) return toHex(Array(3).fill(8 + 10 * (number - 232)));
  const place = number - 16;
  const steps = [Math.floor(place / 36), Math.floor(place / 6) % 6, place % 6];
  return toHex(steps.map((step) => (step === 0 ? 0 : 55 + 40 * step)));
}

function toHex(channels) {
  return `#${channels.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}
