import { describe, expect, it } from "vitest";

// Plain JavaScript, so that it runs without a build step; without declarations it is any here.
const load = (name: string) => import(new URL(name, import.meta.url).href);
const { drawPicture } = await load("./draw.mjs");
const { watchTerminal } = await load("./watch-terminal.mjs");

interface Chunk {
  readonly atMs: number;
  readonly text: string;
}

/** What a picture of 80 columns and so many rows has for a command that wrote this. */
async function draw(chunks: readonly Chunk[], more: object = {}, rows = 24): Promise<string> {
  const seen = await watchTerminal({ chunks, columns: 80, rows, frameMs: 50 });
  const pane = { prompt: "mybroker up", startMs: 0, tookMs: 3_000, ...seen };
  return drawPicture({ title: "a title", description: "a description", panes: [pane], columns: 80, ...more });
}

const drawn = (text: string, more?: object) => draw([{ atMs: 0, text }], more);
const motion = { speed: 1, holdMs: 1_000 };

/** What a reader sees, a text after the other. */
function textsOf(picture: string): string[] {
  return [...picture.matchAll(/<tspan[^>]*>([^<]*)<\/tspan>/g)].map(([, text = ""]) => text);
}

/** Left edge of the piece with this text, in columns. */
function columnOf(picture: string, text: string): number {
  const x = new RegExp(`<tspan x="([\\d.]+)"[^>]*>${text}<`).exec(picture)?.[1];
  return (Number(x) - 14) / 8.4;
}

describe("a picture", () => {
  it("escapes what XML would take for its own, and leaves out what it cannot hold", async () => {
    const picture = await drawn('<a href="x">&amp;\u0001', { title: "one & <two>" });
    expect(textsOf(picture)).toContain("&lt;a href=&quot;x&quot;&gt;&amp;amp;");
    expect(picture).toContain('<title id="t">one &amp; &lt;two&gt;</title>');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is looked for
    expect(picture).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
  });

  it("has fixed colours as they are, and the sixteen as a theme of light and dark has them", async () => {
    const picture = await drawn(
      "\u001b[38;5;167mred\u001b[0m \u001b[34mblue\u001b[0m \u001b[1mbold\u001b[0m",
    );
    expect(picture).toMatch(/<tspan x="14" class="c167">red</);
    expect(picture).toContain(".c167{fill:#d75f5f}");
    expect(picture).toMatch(/class="cn4">blue</);
    expect([...picture.matchAll(/\.cn4\{fill:(#[0-9a-f]{6})\}/g)].map(([, colour]) => colour)).toEqual([
      "#0969da",
      "#58a6ff",
    ]);
    expect(picture).toMatch(/class="o">bold</);
    expect(picture).toContain("@media (prefers-color-scheme:dark)");
  });

  it("keeps every column in its place: behind blanks, wide characters and signs of other fonts", async () => {
    const picture = await drawn("ab   cd \u682a\u5f0f ef \u2716 gh");
    expect(
      ["ab", "cd", "\u682a", "\u5f0f", "ef", "\u2716", "gh"].map((text) => columnOf(picture, text)),
    ).toEqual([0, 5, 8, 10, 13, 16, 18].map((column) => expect.closeTo(column, 1)));
  });

  it("is 80 columns wide: what is longer goes on below", async () => {
    const picture = await drawn("x".repeat(100));
    expect(textsOf(picture)).toEqual(expect.arrayContaining(["x".repeat(80), "x".repeat(20)]));
    expect(Number(/ width="(\d+)"/.exec(picture)?.[1])).toBe(Math.ceil(80 * 8.4 + 28));
  });

  it("needs nothing else and says what it is", async () => {
    const picture = await drawn("text", { motion });
    expect(picture).not.toMatch(/href|url\(|@import|<script|<image/);
    expect(picture).toContain('role="img" aria-labelledby="t d"');
    expect(picture).toContain('<desc id="d">a description</desc>');
  });
});

describe("a picture that moves", () => {
  const chunks = [
    { atMs: 500, text: "working" },
    { atMs: 2_000, text: "\r\u001b[Kdone" },
  ];

  it("shows each line from when it was written until it looks different", async () => {
    const picture = await draw(chunks, { motion });
    const [, name, text] = /<text class="(k\d+)"[^>]*><tspan[^>]*>(working)/.exec(picture) ?? [];
    expect(text).toBe("working");
    expect(picture).toContain(
      `@keyframes ${name}{0%{visibility:hidden}12.5%{visibility:visible}50%{visibility:hidden}}`,
    );
  });

  it("stands still as it ends for whoever wants less motion, and where nothing moves", async () => {
    const moving = await draw(chunks, { motion });
    expect(moving).toContain("@media (prefers-reduced-motion:reduce){[class*=k]{animation:none!important}}");
    const name = /<text class="(k\d+)"[^>]*><tspan[^>]*>working/.exec(moving)?.[1];
    expect(moving).toContain(`.${name}{visibility:hidden;`);
    const still = await draw(chunks);
    expect(still).not.toContain("@keyframes");
    expect(textsOf(still)).toEqual(["$", "mybroker up", "done"]);
  });

  it("has of a long screen the end alone", async () => {
    const text = Array.from({ length: 20 }, (_, index) => `line ${index}`).join("\r\n");
    const seen = await watchTerminal({
      chunks: [{ atMs: 0, text }],
      columns: 80,
      rows: 24,
      shownRows: 2,
      frameMs: 50,
    });
    expect(seen.versions.map(({ runs }: { runs: { text: string }[] }) => runs[0]?.text)).toEqual([
      "line 18",
      "line 19",
    ]);
    expect(seen.height).toBe(2);
  });

  it("scrolls as the terminal did", async () => {
    const lines = Array.from({ length: 6 }, (_, index) => ({ atMs: index * 500, text: `\r\nline ${index}` }));
    const picture = await draw(lines, { motion }, 3);
    expect(picture).toContain("62.5%{transform:translateY(-76px)}");
    expect(picture).toMatch(/<g class="k\d+" transform="translate\(0 -76\)">/);
  });
});
