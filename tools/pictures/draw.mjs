import { fixedColour, themes } from "./colours.mjs";
import { createTimeline } from "./timeline.mjs";

const cell = { width: 8.4, height: 19 };
const padding = 14;
const fonts = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace";

/**
 * @typedef {{ prompt: string, versions: object[], scrolls: object[], height: number, startMs: number, tookMs: number }} Pane
 *   One command: what was typed, what watchTerminal saw, and when it ran in the picture's time.
 */

/**
 * Draws panes below each other as one window.
 * @param {{ title: string, description: string, panes: Pane[], columns: number, caption?: string, clock?: boolean,
 *   motion?: { speed: number, holdMs: number } }} picture
 *   motion: plays at so many times the speed of the runs, stands still for a while, and begins again; without it, and
 *   for whoever wants less motion, the picture is how it ends. clock: shows the time of the runs, and what each took
 * @returns {string} an SVG document that needs nothing else
 */
export function drawPicture({ title, description, panes, columns, caption, clock = false, motion }) {
  const timeline = createTimeline(panes, motion);
  const width = Math.ceil(columns * cell.width + 2 * padding);
  const body = [];
  let top = padding;
  for (const [index, pane] of panes.entries()) {
    if (index > 0 && clock) body.push(`<path class="b" d="M0 ${top - 2}H${width}"/>`);
    body.push(drawPrompt({ pane, top, columns, clock, timeline }));
    body.push(drawScreen({ pane, top: top + cell.height, width, timeline }));
    top += (pane.height + 1) * cell.height + (clock ? padding : cell.height / 2);
  }
  if (caption !== undefined) body.push(textAt({ x: padding, y: baseline(top), look: "l", text: caption }));
  const height = Math.ceil(top + (caption === undefined ? 0 : cell.height) + padding / 2);
  const inner = body.join("\n");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t d">
<title id="t">${escapeXml(title)}</title>
<desc id="d">${escapeXml(description)}</desc>
<style>${styleSheet(inner)}${timeline.styleSheet()}</style>
<rect class="w" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>
${inner}
</svg>
`;
}

function drawPrompt({ pane, top, columns, clock, timeline }) {
  const y = baseline(top);
  const spans = [
    spanAt({ x: padding, look: "l", text: "$" }),
    spanAt({ x: padding + 2 * cell.width, look: "o", text: pane.prompt }),
  ];
  const typed = `<text${attribute("class", timeline.shown(pane.startMs))} y="${y}">${spans.join("")}</text>`;
  return clock ? `${typed}\n${drawClock({ pane, y, x: rightEdge(columns), timeline })}` : typed;
}

/** How long the command has run, a text for each second of it, and in the end how long it took. */
function drawClock({ pane: { startMs, tookMs }, x, y, timeline }) {
  const seconds = Array.from({ length: Math.ceil(tookMs / 1000) }, (_, second) => second);
  const ticks = seconds.flatMap((second) => {
    const look = timeline.shown(startMs + second * 1000, startMs + Math.min(tookMs, second * 1000 + 1000));
    return look === undefined ? [] : [textAt({ x, y, look: `e l ${look}`, text: `${second} s` })];
  });
  const took = `done after ${formatSeconds(tookMs)}`;
  return [...ticks, textAt({ x, y, look: `e o ${timeline.shown(startMs + tookMs)}`, text: took })].join("\n");
}

function drawScreen({ pane, top, width, timeline }) {
  const lines = pane.versions.flatMap(({ row, runs, fromMs, toMs }) => {
    const look = timeline.shown(pane.startMs + fromMs, pane.startMs + toMs);
    if (look === undefined) return [];
    const spans = runs.map(({ column, text, colour, bold, dim }) => {
      const looks = [colour === null ? "" : `c${colour}`, bold ? "o" : "", dim ? "d" : ""];
      return spanAt({ x: padding + column * cell.width, look: looks.filter(Boolean).join(" "), text });
    });
    return [`<text${attribute("class", look)} y="${baseline(row * cell.height)}">${spans.join("")}</text>`];
  });
  const moves = pane.scrolls.map(({ atMs, row }) => ({ atMs: pane.startMs + atMs, y: -row * cell.height }));
  const look = timeline.moved(moves);
  const frame = `<svg y="${round(top)}" width="${width}" height="${pane.height * cell.height}">`;
  const group = `<g${attribute("class", look)} transform="translate(0 ${moves.at(-1).y})">`;
  return `${frame}${group}\n${lines.join("\n")}\n</g></svg>`;
}

function styleSheet(inner) {
  const used = [...new Set([...inner.matchAll(/[" ]c(n?\d+)[" ]/g)].map(([, colour]) => colour))];
  const fixed = used.filter((colour) => !colour.startsWith("n"));
  const named = used.filter((colour) => colour.startsWith("n"));
  const theme = ({ background, border, text, label, named: sixteen }) =>
    [
      `.w{fill:${background};stroke:${border}}.b{stroke:${border}}text{fill:${text}}.l{fill:${label}}`,
      ...named.map((colour) => `.c${colour}{fill:${sixteen[Number(colour.slice(1))]}}`),
    ].join("");
  return [
    `text{font:14px ${fonts}}.o{font-weight:700}.d{opacity:.7}.e{text-anchor:end}.b{fill:none}`,
    theme(themes.light),
    ...fixed.map((colour) => `.c${colour}{fill:${fixedColour(Number(colour))}}`),
    `@media (prefers-color-scheme:dark){${theme(themes.dark)}}`,
  ].join("");
}

function textAt({ x, y, look, text }) {
  return `<text${attribute("class", look.trim())} x="${round(x)}" y="${y}">${escapeXml(text)}</text>`;
}

function spanAt({ x, look, text }) {
  return `<tspan x="${round(x)}"${attribute("class", look)}>${escapeXml(text)}</tspan>`;
}

function attribute(name, value) {
  return value === "" || value === undefined ? "" : ` ${name}="${value}"`;
}

function baseline(top) {
  return round(top + 14);
}

function rightEdge(columns) {
  return padding + columns * cell.width;
}

function formatSeconds(timeMs) {
  return `${(timeMs / 1000).toFixed(1)} s`;
}

function round(number) {
  return Math.round(number * 10) / 10;
}

/** Text of an SVG document; what XML cannot hold at all is left out. */
export function escapeXml(text) {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
