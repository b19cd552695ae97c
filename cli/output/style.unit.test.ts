import { describe, expect, it } from "vitest";
import { createStyle, palette } from "./style.js";

const backgrounds = {
  black: "000000",
  white: "ffffff",
  "Solarized dark": "002b36",
  "Solarized light": "fdf6e3",
};

/** WCAG 2.2: the least for signs and large letters; more than 4.6 on black and white at once no colour has. */
const leastContrast = 3;

/** Red, green and blue of a number of the table of 256: a cube of six steps each, then greys. */
function channelsOf(number: number): number[] {
  if (number >= 232) return Array(3).fill(8 + 10 * (number - 232));
  const place = number - 16;
  return [Math.floor(place / 36), Math.floor(place / 6) % 6, place % 6].map((step) =>
    step === 0 ? 0 : 55 + 40 * step,
  );
}

function luminance(channels: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = channels
    .map((channel) => channel / 255)
    .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(number: number, background: string): number {
  const [low = 0, high = 0] = [
    luminance(channelsOf(number)),
    luminance([...Buffer.from(background, "hex")]),
  ].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

describe("the colours", () => {
  it.each(Object.entries(palette))("%s can be read on light and dark terminals", (_, number) => {
    for (const [name, background] of Object.entries(backgrounds))
      expect(contrast(number, background), name).toBeGreaterThanOrEqual(leastContrast);
  });

  it("are the ones that a style writes, and bold", () => {
    const style = createStyle("always", false, {});
    expect(Object.keys(style).sort()).toEqual([...Object.keys(palette), "bold"].sort());
    for (const [name, number] of Object.entries(palette))
      expect(style[name as keyof typeof palette]("text")).toBe(`\u001b[38;5;${number}mtext\u001b[39m`);
  });
});
