/** A path as one word of a shell command, for hints that are copied into a terminal. */
export function quoteForShell(path: string): string {
  return /^[\w./+:@-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
