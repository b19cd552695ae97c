/** A mark or a label, and the blanks behind it: what goes on below begins where the text of the first line does. */
const lead = /^(?:✖ | *(?:[A-Z][a-z]+ {2,})?)/;

/**
 * Lines of an error for a terminal of so many columns, broken at words. A command stands two blanks behind its sentence
 * and stays whole, so that it can be copied.
 */
export function fitLines(lines: readonly string[], columns: number): string[] {
  return lines.flatMap((line) => (line.length <= columns ? [line] : breakLine(line, columns)));
}

function breakLine(line: string, columns: number): string[] {
  const first = lead.exec(line)?.[0] ?? "";
  const indent = " ".repeat(first.length);
  const rows: string[] = [];
  let row = first;
  for (const [text, gap] of piecesOf(line.slice(first.length))) {
    const isEmpty = row === first || row === indent;
    if (!isEmpty && row.length + gap.length + text.length > columns) {
      rows.push(row);
      row = `${indent}${text}`;
    } else row += isEmpty ? text : `${gap}${text}`;
  }
  return [...rows, row];
}

/** Words, and commands as one piece each, with the blanks that stand before them. */
function piecesOf(text: string): (readonly [text: string, gap: string])[] {
  const [sentence = "", ...rest] = text.split(/( {2,})/);
  const words = sentence.split(" ").map((word) => [word, " "] as const);
  const others = rest.flatMap((part, index) =>
    index % 2 === 0 ? [] : [[part, rest[index - 1] ?? ""] as const],
  );
  return [...words, ...others];
}
