/** One `KEY=value` of a .env file, as places in its text, so that an edit touches nothing else. */
export interface EnvAssignment {
  readonly key: string;
  /** Start of the comment lines directly above, or of the assignment's own line. */
  readonly blockStart: number;
  /** Raw value with its quotes, without an inline comment; empty for `KEY=`. */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Behind the line break that ends the assignment, or behind the quote where another one follows. */
  readonly end: number;
  /** False for a bare `KEY`, which takes its value from the shell. */
  readonly assigned: boolean;
  /** The line directly above is `# secret` or `# secret, optional`. */
  readonly secret: boolean;
  /** It is `# secret, optional`: masked, but empty as long as the user gives it no value. */
  readonly optional: boolean;
}

const secretMark = /^[ \t]*#[ \t]*secret(,[ \t]*optional)?[ \t]*$/i;
const statement =
  /[ \t]*(?:export[ \t]+|(?!export[ \t]))((?:[^\s=:#][^=:\n]*?)?)[ \t]*(?:([=:])[ \t]*|(?=\r?\n|$))/y;

/**
 * Finds the assignments of a .env text. The grammar is Compose's (compose-go, dotenv/parser.go): `export`, `=` or `:`,
 * quoted values over several lines, ` #` begins a comment behind an unquoted value. Lenient: what it cannot
 * read it skips, because parseEnvFile is what reports a malformed file.
 */
export function scanAssignments(text: string): EnvAssignment[] {
  const found: EnvAssignment[] = [];
  let position = 0;
  let comments: number[] = [];
  while (position < text.length) {
    const line = text.slice(position, endOfLine(text, position));
    const next = position + line.length + 1;
    if (line.trim() === "") {
      comments = [];
      position = next;
    } else if (line.trimStart().startsWith("#")) {
      comments.push(position);
      position = next;
    } else {
      const assignment = readAssignment(text, position, comments);
      if (assignment !== undefined) found.push(assignment);
      position = assignment?.end ?? next;
      comments = [];
    }
  }
  return found;
}

function readAssignment(text: string, start: number, comments: readonly number[]): EnvAssignment | undefined {
  statement.lastIndex = start;
  const match = statement.exec(text);
  if (match?.[1] === undefined) return undefined;
  const valueStart = statement.lastIndex;
  const assigned = match[2] !== undefined;
  const valueEnd = assigned ? endOfValue(text, valueStart) : valueStart;
  const lastComment = comments.at(-1);
  const mark = lastComment === undefined ? null : secretMark.exec(lineAt(text, lastComment));
  // Behind a closing quote the next assignment may stand on the same line.
  const rest = text.slice(valueEnd, endOfLine(text, valueEnd)).trim();
  const sharesLine = rest !== "" && !rest.startsWith("#");
  return {
    key: match[1],
    blockStart: comments[0] ?? start,
    valueStart,
    valueEnd,
    end: sharesLine ? valueEnd : Math.min(endOfLine(text, valueEnd) + 1, text.length),
    assigned,
    secret: mark !== null,
    optional: mark?.[1] !== undefined,
  };
}

function endOfValue(text: string, start: number): number {
  const quote = text[start];
  if (quote === '"' || quote === "'") {
    for (let index = start + 1; index < text.length; index++) {
      if (text[index] === "\\") index++;
      else if (text[index] === quote) return index + 1;
    }
  }
  const line = text.slice(start, endOfLine(text, start));
  const comment = line.indexOf(" #");
  return start + (comment === -1 ? line : line.slice(0, comment)).trimEnd().length;
}

function endOfLine(text: string, from: number): number {
  const index = text.indexOf("\n", from);
  return index === -1 ? text.length : index;
}

function lineAt(text: string, start: number): string {
  return text.slice(start, endOfLine(text, start)).replace(/\r$/, "");
}

/** Line break that the text uses: CRLF only where its first line ends with it. */
export function lineBreakOf(text: string): "\n" | "\r\n" {
  return /^[^\n]*\r\n/.test(text) ? "\r\n" : "\n";
}

/**
 * Puts raw values (quoted already where that is needed) into the text; the last assignment of a key is the one
 * that counts for Compose, so it is the one that is set. Keys that the text does not have are left out.
 */
export function setRawValues(text: string, values: ReadonlyMap<string, string>): string {
  const last = new Map(scanAssignments(text).map((assignment) => [assignment.key, assignment]));
  const edits = [...last.values()].filter((assignment) => values.has(assignment.key));
  edits.sort((left, right) => right.valueStart - left.valueStart);
  let result = text;
  for (const edit of edits) {
    const equals = edit.assigned ? "" : "=";
    result = `${result.slice(0, edit.valueStart)}${equals}${values.get(edit.key)}${result.slice(edit.valueEnd)}`;
  }
  return result;
}

/** Appends the assignments of `source` that are named, with the comments above them, in the order of `source`. */
export function appendAssignments(text: string, source: string, keys: ReadonlySet<string>): string {
  const lineBreak = lineBreakOf(text === "" ? source : text);
  const blocks = scanAssignments(source)
    .filter((assignment) => keys.has(assignment.key))
    .map((assignment) => source.slice(assignment.blockStart, assignment.end).replace(/\r?\n$/, ""))
    .map((block) => block.replaceAll(/\r?\n/g, lineBreak) + lineBreak);
  if (blocks.length === 0) return text;
  const separator = text === "" || text.endsWith("\n") ? "" : lineBreak;
  return text + separator + blocks.join("");
}
