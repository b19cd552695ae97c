/** Columns padded to their widest cell, two spaces apart, no trailing blanks. Cells must hold no ANSI. */
export function formatTable(
  rows: readonly (readonly string[])[],
  style?: (row: number, line: string) => string,
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows.map((row, index) => {
    const line = row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
    return style ? style(index, line) : line;
  });
}
