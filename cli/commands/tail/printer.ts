import type { CommandRequest } from "../../kernel/command.js";
import type { Style } from "../../output/output.js";
import { wrap } from "../../output/units.js";
import { formatHex } from "../../streams/format-hex.js";
import { describeRecord } from "../../streams/format-json.js";
import { createTemplate } from "../../streams/format-template.js";
import { createTextFormat } from "../../streams/format-text.js";
import { printable } from "../../streams/printable.js";
import { type StreamRecord, toBuffer } from "../../streams/record.js";
import { layOut } from "../../streams/text-line.js";
import type { Problem } from "../../streams/validate.js";
import type { TailOptions } from "./read-options.js";
import type { Finding } from "./validator.js";

export type Print = (findings: readonly Finding[]) => Promise<void>;

/** @throws MybrokerError usage.bad-template, exit 2 */
export function createPrinter(request: CommandRequest, options: TailOptions, project: string): Print {
  const { output } = request;
  const hide = (record: StreamRecord) => withoutSecrets(record, (text) => output.withoutSecrets(text));
  if (options.format === "json") {
    return (findings) =>
      output.records(
        findings.map(({ record, problems }) => describeRecord(hide(record), problems)),
        project,
      );
  }
  if (options.format === "raw" && !request.context.stdoutIsTty) {
    return (findings) => output.bytes(Buffer.concat(findings.flatMap(({ record }) => rawLine(record))));
  }
  const format = chooseFormat(request, options);
  return (findings) =>
    output.line(
      findings
        .flatMap(({ record, problems = [] }) => [format(hide(record)), ...problemLines(problems, request)])
        .join("\n"),
    );
}

function chooseFormat(
  { output, context }: CommandRequest,
  { format, template }: TailOptions,
): (record: StreamRecord) => string {
  if (template !== undefined) return createTemplate(template);
  if (format === "hex") return formatHex;
  // A terminal is given no bytes that it would act on.
  if (format === "raw") return ({ bytes }) => printable(toBuffer(bytes ?? empty).toString("utf8"));
  return createTextFormat({ style: output.style, columns: context.columns, now: context.now });
}

const empty = new Uint8Array();
const newline = Buffer.from("\n");

function rawLine({ bytes }: StreamRecord): Uint8Array[] {
  return [bytes ?? empty, newline];
}

/** Before anything is cut or dumped: half a secret, or one in hexadecimal digits, would not be known any more. */
function withoutSecrets(record: StreamRecord, hide: (text: string) => string): StreamRecord {
  const key = record.key === null ? null : hide(record.key);
  const text = record.bytes === null ? "" : toBuffer(record.bytes).toString("utf8");
  const hidden = hide(text);
  if (hidden === text && key === record.key) return record;
  const bytes = hidden === text ? record.bytes : Buffer.from(hidden);
  // A source's records may keep their headers private to themselves, where a copy does not reach.
  const headers = { get: () => record.headers };
  return Object.create(record, { key: { value: key }, bytes: { value: bytes }, headers }) as StreamRecord;
}

function problemLines(problems: readonly Problem[], { output, context }: CommandRequest): string[] {
  // Wrapped, not cut: what was wrong stands at the end.
  return problems.flatMap(({ level, field, what }) =>
    wrap(`${field} ${what}`, Math.max(20, context.columns - 15)).map((line, index) =>
      index === 0
        ? layOut([["             "], [markOf(level, output.style)], [` ${line}`]], context.columns)
        : layOut([[`               ${line}`]], context.columns),
    ),
  );
}

function markOf(level: Problem["level"], style: Style): string {
  return level === "violation" ? style.red("✖") : style.yellow("!");
}
