import { type ASTNode, Environment, type ParseError, serialize } from "@marcbachmann/cel-js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { findNearest } from "../errors/nearest.js";
import { decode, type StreamRecord } from "./record.js";

/** Which records are wanted. */
export interface Filter {
  /** A field that is absent or null makes it false. */
  matches(record: StreamRecord): boolean;
  /** Records of which it could not be said, by an error of types; false was taken for them. */
  readonly failures: number;
  /** What the first of them failed with, in a few words; undefined while there is none. */
  readonly firstFailure: string | undefined;
}

/** What an expression speaks of (docs/commands/tail.md has the same list). */
const variables = {
  source: "string",
  stream: "string",
  key: "dyn",
  headers: "dyn",
  value: "dyn",
  time: "google.protobuf.Timestamp",
  partition: "dyn",
  offset: "dyn",
  exchange: "dyn",
  routingKey: "dyn",
} as const;

export const filterVariables: readonly string[] = Object.keys(variables);

const arithmetic: Readonly<Record<string, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "%": (left, right) => left % right,
};

/** JSON knows one kind of number: `value.quantity * 2` is no error, though 2 is an integer and the value is not. */
function createEnvironment(): Environment {
  const environment = new Environment({ enableOptionalTypes: true });
  for (const [name, type] of Object.entries(variables)) environment.registerVariable(name, type);
  for (const [operator, compute] of Object.entries(arithmetic)) {
    const mixed = (left: number | bigint, right: number | bigint) => compute(Number(left), Number(right));
    environment.registerOperator(`double ${operator} int: double`, mixed);
    environment.registerOperator(`int ${operator} double: double`, mixed);
  }
  environment.registerOperator(
    "double % double: double",
    arithmetic["%"] as (a: number, b: number) => number,
  );
  return environment;
}

/** The record at hand, as the expression sees it: nothing is decoded that it does not ask for. */
class Scope {
  record!: StreamRecord;
  /** The expression asked for fields of something that has none. */
  notJson = false;
  get source(): string {
    return this.record.source;
  }
  get stream(): string {
    return this.record.stream;
  }
  get key(): string | null {
    return this.record.key;
  }
  get headers(): Readonly<Record<string, string>> {
    return this.record.headers;
  }
  get value(): unknown {
    const value = decode(this.record);
    this.notJson = value === undefined;
    return value ?? null;
  }
  get time(): Date {
    return new Date(this.record.publishedMs);
  }
  get partition(): number | null {
    return this.record.partition ?? null;
  }
  get offset(): number | null {
    return this.record.offset ?? null;
  }
  get exchange(): string | null {
    return this.record.exchange ?? null;
  }
  get routingKey(): string | null {
    return this.record.source === "rabbit" ? this.record.key : null;
  }
}

/**
 * An expression of the Common Expression Language, made ready for many records.
 * @param flag where it was given: "--filter"
 * @throws MybrokerError tail.bad-filter, exit 2, with the place in the expression marked
 */
export function compileFilter(expression: string, flag: string): Filter {
  const environment = createEnvironment();
  const { ast } = parse(environment, expression, flag);
  // What is joined by && is asked part by part: a part on the key comes before anything is decoded for the next.
  const parts = splitAtAnd(ast).map((node) => ({
    evaluate: environment.parse(serialize(node)),
    needed: findNeededFields(node),
  }));
  const scope = new Scope();
  const filter = {
    failures: 0,
    firstFailure: undefined as string | undefined,
    matches(record: StreamRecord): boolean {
      scope.record = record;
      scope.notJson = false;
      // A field that is not there is an error to the library: without a stack it costs a third.
      const { stackTraceLimit } = Error;
      Error.stackTraceLimit = 0;
      try {
        return parts.every(({ evaluate, needed }) => {
          if (needed.length > 0 && lacksOne(record, needed)) return false;
          const answer: unknown = evaluate(scope as never);
          if (typeof answer === "boolean") return answer;
          fail(`it gave ${answer === null ? "null" : `a ${typeof answer}`}, and not true or false`);
          return false;
        });
      } catch (error) {
        if (scope.notJson) fail("the payload is not JSON");
        else if (!isAbsence(error)) fail((error as ParseError).summary ?? String(error));
        return false;
      } finally {
        Error.stackTraceLimit = stackTraceLimit;
      }
    },
  };
  const fail = (why: string): void => {
    filter.failures += 1;
    filter.firstFailure ??= why;
  };
  return filter;
}

function splitAtAnd(node: ASTNode): ASTNode[] {
  return node.op === "&&" ? node.args.flatMap(splitAtAnd) : [node];
}

/**
 * Fields of the payload without which a comparison cannot be true. To see that one is absent costs a hundredth of the
 * error that the library would make of it.
 */
function findNeededFields(node: ASTNode): string[] {
  const { op, args } = node;
  if (op === ".") {
    const [owner, name] = args;
    return owner.op === "id" && owner.args === "value" ? [name] : findNeededFields(owner);
  }
  const strict = ["==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"].includes(op);
  return strict ? (args as [ASTNode, ASTNode]).flatMap(findNeededFields) : [];
}

function lacksOne(record: StreamRecord, needed: readonly string[]): boolean {
  const value = decode(record);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return needed.some((name) => !Object.hasOwn(value, name));
}

/** A field that is missing, or null where a value would have to be. */
function isAbsence(error: unknown): boolean {
  const { code, summary } = error as Partial<ParseError>;
  return code === "no_such_key" || (code === "no_such_overload" && /\bnull\b/.test(summary ?? ""));
}

function parse(environment: Environment, expression: string, flag: string) {
  let parsed: ReturnType<Environment["parse"]>;
  try {
    parsed = environment.parse(expression);
  } catch (error) {
    throw badFilter(expression, flag, error as ParseError);
  }
  const { valid, error, type } = parsed.check();
  if (!valid && error !== undefined) throw badFilter(expression, flag, error);
  if (type !== undefined && !["bool", "dyn"].includes(String(type))) {
    const summary = `it gives a ${type}, and not true or false`;
    throw badFilter(expression, flag, { summary, range: { start: 0, end: expression.length } });
  }
  return parsed;
}

type Complaint = Pick<ParseError, "summary" | "range">;

function badFilter(expression: string, flag: string, { summary, range }: Complaint): MybrokerError {
  const line = expression.replaceAll(/\s/g, " ");
  const start = Math.min(range?.start ?? 0, line.length);
  const length = Math.max(1, Math.min(range?.end ?? start, line.length) - start);
  return new MybrokerError({
    code: "tail.bad-filter",
    message: `${flag}: ${summary ?? "it cannot be read"}`,
    lines: [line, `${" ".repeat(start)}${"^".repeat(length)}`],
    hint: `${suggest(summary)}{mybroker} tail orders ${flag} 'value.ticker == "PETR4"'`,
    exitCode: exitCodes.usage,
    details: { expression, start, end: start + length },
  });
}

function suggest(summary: string | undefined): string {
  const name = /^Unknown variable: (\w+)/.exec(summary ?? "")?.[1];
  if (name === undefined) return "";
  const nearest = findNearest(name, filterVariables);
  return nearest === undefined ? `a field of the message is value.${name}:  ` : `did you mean ${nearest}?  `;
}
