import { createHash } from "node:crypto";

/** The line that says who wrote a file, with the version, where the file's language has comments that begin with "#". */
export function markFile(path: string, text: string, version: string): string {
  if (!/(\.ya?ml|\.env\.example|Dockerfile)$/.test(path)) return text;
  return `# Written by mybroker ${version}; \`mybroker init\` refreshes this file unless somebody changes it.\n${text}`;
}

const markLine = /^# Written by mybroker (\S+); .*\r?\n/;

/** The text without its mark: what a shipped file says, and what a .env is made from. */
export function withoutMark(text: string): string {
  return text.replace(markLine, "");
}

/** The version in the mark; undefined for a text without one. */
export function readMark(text: string): string | undefined {
  return markLine.exec(text)?.[1];
}

/** Of what a file says, whichever version wrote it and whatever line ends a checkout gave it. */
export function digestOf(text: string): string {
  return createHash("sha256").update(withoutMark(text).replaceAll("\r\n", "\n")).digest("hex");
}
