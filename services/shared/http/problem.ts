import type { ProblemBody } from "../../../contracts/rest.js";
import { type Money, MoneyError, parseMoney } from "../../../kit/money.js";

export interface ProblemOptions {
  readonly status: number;
  /** Stable: what a program goes by. */
  readonly code: string;
  /** For a person, one line. */
  readonly title: string;
  /** Of the body, the query or the path. */
  readonly field?: string;
  /** Where the refusal left an order behind. */
  readonly orderId?: string;
  /** Becomes Retry-After. */
  readonly retryAfterSeconds?: number;
}

/** A refusal that its caller is told: answered as application/problem+json. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly options: ProblemOptions;

  constructor(options: ProblemOptions) {
    super(options.title);
    this.status = options.status;
    this.code = options.code;
    this.options = options;
  }
}

/** 422. */
export function refuse(code: string, title: string, field?: string): Problem {
  return new Problem({ status: 422, code, title, ...(field === undefined ? {} : { field }) });
}

/** 404 NOT_FOUND. @param what without an article: "order" */
export function notFound(what: string): Problem {
  return new Problem({ status: 404, code: "NOT_FOUND", title: `There is no such ${what}.` });
}

/** What another service or a store would have been needed for. 503. */
export function unavailable(code: string, title: string): Problem {
  return new Problem({ status: 503, code, title });
}

/** A Problem or MoneyError as a Problem; undefined for all that was not foreseen. */
export function asProblem(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (error instanceof MoneyError) return refuse(error.code, `${error.message}.`);
  return undefined;
}

/** An amount of a body or query. @throws Problem with the code of MoneyError and the field */
export function readAmount(value: unknown, field: string): Money {
  try {
    return parseMoney(value);
  } catch (error) {
    throw error instanceof MoneyError ? refuse(error.code, `${error.message}.`, field) : error;
  }
}

export function toProblemBody({ options }: Problem, requestId: string): ProblemBody {
  const { status, code, title, field, orderId } = options;
  return {
    type: "about:blank",
    title,
    status,
    code,
    ...(field === undefined ? {} : { field }),
    requestId,
    ...(orderId === undefined ? {} : { orderId }),
  };
}
