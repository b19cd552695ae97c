import xterm from "@xterm/headless";

/**
 * What a row of a terminal showed from one time to another; of a row in which only a clock changes only the clock.
 * @typedef {{ row: number, runs: Run[], fromMs: number, toMs: number }} Version
 *   row from the first line that ever was; toMs Infinity: still there at the end
 * @typedef {{ column: number, text: string, colour: string | null, bold: boolean, dim: boolean }} Run
 *   Text of one look without two blanks in it, so that every column keeps its place in whatever font it is drawn.
 *   colour: "n1" one of the sixteen, "28" one of the others, null the terminal's own
 */

/**
 * What a terminal showed, when, and how far down it was.
 * @param {{ chunks: { atMs: number, text: string }[], columns: number, rows: number, shownRows?: number,
 *   frameMs: number }} recording
 *   shownRows: of the terminal's rows those at the end that are looked at; frameMs: what changes faster is seen once
 * @returns {Promise<{ versions: Version[], scrolls: { atMs: number, row: number }[], height: number }>}
 *   height: rows that were used at most
 */
export async function watchTerminal({ chunks, columns, rows, shownRows = rows, frameMs }) {
  const terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 10_000, allowProposedApi: true });
  const rowsShown = [];
  const versions = new Map();
  const scrolls = [{ atMs: 0, row: 0 }];
  const close = (row, run, fromMs, toMs) => {
    const key = `${row} ${fromMs} ${toMs}`;
    if (!versions.has(key)) versions.set(key, { row, runs: [], fromMs, toMs });
    versions.get(key).runs.push(run);
  };
  for (const { atMs, text } of toFrames(chunks, frameMs)) {
    await new Promise((resolve) => terminal.write(text, resolve));
    const buffer = terminal.buffer.active;
    for (let row = 0; row < buffer.length; row += 1) {
      const before = rowsShown[row] ?? new Map();
      const now = new Set(readRuns(buffer.getLine(row), columns).map((run) => JSON.stringify(run)));
      for (const [look, fromMs] of before) if (!now.has(look)) close(row, JSON.parse(look), fromMs, atMs);
      rowsShown[row] = new Map([...now].map((look) => [look, before.get(look) ?? atMs]));
    }
    const first = rowsShown.findLastIndex((shown) => shown.size > 0) + 1 - shownRows;
    if (first > scrolls.at(-1).row) scrolls.push({ atMs, row: first });
  }
  for (const [row, shown] of rowsShown.entries()) {
    for (const [look, fromMs] of shown) close(row, JSON.parse(look), fromMs, Number.POSITIVE_INFINITY);
  }
  terminal.dispose();
  // In the end the last line is the last: no rows that a live area has left empty.
  const used = rowsShown.findLastIndex((shown) => shown.size > 0) + 1;
  const last = Math.max(0, used - shownRows);
  if (last !== scrolls.at(-1).row) scrolls.push({ atMs: chunks.at(-1).atMs, row: last });
  const all = [...versions.values()];
  const height = Math.min(shownRows, Math.max(0, ...all.map(({ row }) => row + 1)));
  return { versions: all.filter((version) => isSeen(version, scrolls, height)), scrolls, height };
}

/** Whether it ever stands between the first and the last row that are looked at. */
function isSeen({ row, fromMs, toMs }, scrolls, height) {
  return scrolls.some((scroll, index) => {
    const untilMs = scrolls[index + 1]?.atMs ?? Number.POSITIVE_INFINITY;
    return row >= scroll.row && row < scroll.row + height && fromMs < untilMs && toMs > scroll.atMs;
  });
}

/** Chunks that come soon after each other, joined, with the time of the last: nothing is shown before it was there. */
function toFrames(chunks, frameMs) {
  const frames = [];
  for (const { atMs, text } of chunks) {
    const frame = frames.at(-1);
    if (frame !== undefined && atMs - frame.fromMs < frameMs) {
      frame.text += text;
      frame.atMs = atMs;
    } else frames.push({ fromMs: atMs, atMs, text });
  }
  return frames;
}

function readRuns(line, columns) {
  const runs = [];
  let run;
  let blanks = 0;
  for (let column = 0; column < columns; column += 1) {
    const cell = line?.getCell(column);
    // The second half of a wide character has no width.
    if (cell === undefined || cell.getWidth() === 0) continue;
    const text = cell.getChars();
    if (text === "" || text === " ") {
      blanks += 1;
      continue;
    }
    const look = lookOf(cell);
    // Signs may come from another font with other widths: what follows begins at its own place again.
    const fits =
      run !== undefined && blanks < 2 && isSameLook(run, look) && isPlain(text) && isPlain(run.text);
    if (fits) run.text += " ".repeat(blanks) + text;
    else {
      run = { column, text, ...look };
      runs.push(run);
    }
    blanks = 0;
  }
  return runs;
}

function lookOf(cell) {
  const number = cell.getFgColor();
  const colour = cell.isFgPalette() ? (number < 16 ? `n${number}` : `${number}`) : null;
  return { colour, bold: cell.isBold() !== 0, dim: cell.isDim() !== 0 };
}

function isSameLook(one, other) {
  return one.colour === other.colour && one.bold === other.bold && one.dim === other.dim;
}

function isPlain(text) {
  return /^[\x20-\x7e\u00a0-\u00ff]+$/.test(text);
}
