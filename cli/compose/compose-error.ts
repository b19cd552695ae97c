import { type ErrorFacts, exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { Place } from "./source-tree.js";

interface ComposeErrorFacts {
  /** The part after "compose.". */
  readonly code: string;
  /** What is wrong, without its place. */
  readonly message: string;
  readonly place?: Place | undefined;
  /** Key path: "services.web.ports". */
  readonly path?: string;
  readonly hint?: string;
  readonly lines?: readonly string[];
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A mistake in a compose file: exit code 2, the place in front of the message and in the details. */
export function composeError(facts: ComposeErrorFacts): MybrokerError {
  const at = facts.place === undefined ? "" : `${facts.place.shownFile}:${facts.place.line}: `;
  const place = facts.place === undefined ? {} : { file: facts.place.file, line: facts.place.line };
  const path = facts.path === undefined ? {} : { path: facts.path };
  const hint =
    facts.hint ??
    (facts.place === undefined ? undefined : "Correct it there, then check:  {mybroker} config");
  const optional: Partial<Pick<ErrorFacts, "hint" | "lines">> = {
    ...(hint === undefined ? {} : { hint }),
    ...(facts.lines === undefined ? {} : { lines: facts.lines }),
  };
  return new MybrokerError({
    code: `compose.${facts.code}`,
    message: at + facts.message,
    exitCode: exitCodes.usage,
    details: { ...place, ...path, ...facts.details },
    ...optional,
  });
}
