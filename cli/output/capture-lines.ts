/** What a function prints with console.log, which is the only way that the completion library answers. */
export function captureLines(work: () => void): string[] {
  const lines: string[] = [];
  const { log } = console;
  console.log = (...words: unknown[]) => {
    lines.push(words.join(" "));
  };
  try {
    work();
  } finally {
    console.log = log;
  }
  return lines;
}
