import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { formats } from "../../contracts/formats.js";
import { messageHeaders } from "../../contracts/message-headers.js";
import {
  MarketDataEvent,
  OrderEvent,
  OrderMessage,
  ResultMessage,
  WalletEvent,
} from "../../contracts/messages.js";
import { topics } from "../../contracts/topology.js";
import { MoneyError, parseMoney } from "../../kit/money.js";
import { type Contract, placeOf } from "./contract-of.js";
import { readPayload } from "./payload.js";
import { printable } from "./printable.js";
import type { StreamRecord } from "./record.js";

/** What is wrong with a message. A warning: it can be read, and something that ours have is missing. */
export interface Problem {
  readonly level: "violation" | "warning";
  /** "value.price", "headers.traceparent", "key"; "value": the payload as a whole. */
  readonly field: string;
  /** "must be > 0, and is -1" */
  readonly what: string;
}

export interface Verdict {
  /** Which schema of contracts/messages.ts it has to fit; undefined: none is known for this stream. */
  readonly contract: Contract | undefined;
  readonly problems: readonly Problem[];
}

const ajv = new Ajv({ formats, allErrors: true, verbose: true });
const schemas = { MarketDataEvent, OrderEvent, OrderMessage, ResultMessage, WalletEvent } as const;
const compiled = new Map<Contract, ValidateFunction>();

/** A message against its contract, by where it was published. Fields that no contract knows are fine. */
export function validateRecord(record: StreamRecord): Verdict {
  const { contract, dead } = placeOf(record);
  // A dead letter breaks its contract by what it is.
  if (contract === undefined || dead) return { contract: undefined, problems: [] };
  return { contract, problems: [...findViolations(record, contract), ...findMissingHeaders(record)] };
}

function findViolations(record: StreamRecord, contract: Contract): Problem[] {
  const payload = readPayload(record);
  if (payload.encoding !== "json")
    return [violation("value", payload.encoding === "none" ? "is missing" : "is not JSON")];
  const validate = compiled.get(contract) ?? ajv.compile(schemas[contract]);
  compiled.set(contract, validate);
  const { value } = payload;
  if (!validate(value)) return describeErrors(validate.errors ?? []);
  const fields = value as Readonly<Record<string, unknown>>;
  return [...findBadMoney(fields), ...findBrokenRules(record, fields, contract)];
}

/** Of a field that may be null, what it breaks besides not being null. */
function describeErrors(errors: readonly ErrorObject[]): Problem[] {
  const telling = errors.filter(
    ({ keyword, params }) =>
      keyword !== "anyOf" && !(keyword === "type" && (params as { type?: string }).type === "null"),
  );
  const problems = new Map<string, Problem>();
  for (const error of telling.length > 0 ? telling : errors) {
    const missing = error.keyword === "required" ? `.${error.params.missingProperty}` : "";
    const field = `value${error.instancePath.replaceAll("/", ".")}${missing}`;
    if (!problems.has(field)) problems.set(field, violation(field, describeError(error)));
  }
  return [...problems.values()];
}

function describeError({ keyword, message = "is not valid", params, data }: ErrorObject): string {
  if (keyword === "required") return "is missing";
  const allowed = (params as { allowedValues?: readonly unknown[] }).allowedValues;
  const must = allowed === undefined ? message : `must be ${allowed.join(" or ")}`;
  const given = printable(JSON.stringify(data) ?? "");
  return `${must}, and is ${given.length > 40 ? `${given.slice(0, 39)}…` : given}`;
}

const moneyFields = ["price", "executedPrice", "amount", "balanceAfter", "blockedBalanceAfter"];

/** At most 4 decimals, which a schema cannot say. */
function findBadMoney(fields: Readonly<Record<string, unknown>>): Problem[] {
  return moneyFields.flatMap((name) => {
    if (fields[name] == null) return [];
    try {
      parseMoney(fields[name]);
      return [];
    } catch (error) {
      if (!(error instanceof MoneyError)) throw error;
      return [violation(`value.${name}`, error.message.replace(/^\S+ /, `${fields[name]} `))];
    }
  });
}

/** What the readers demand beyond the schema. */
function findBrokenRules(
  { key, stream, source }: StreamRecord,
  fields: Readonly<Record<string, unknown>>,
  contract: Contract,
): Problem[] {
  if (contract === "OrderMessage" && fields.action !== "CANCEL") {
    return ["ticker", "quantity", "side"]
      .filter((name) => fields[name] === undefined)
      .map((name) => violation(`value.${name}`, "is missing: only a CANCEL does without"));
  }
  const keyField = source === "kafka" ? topics.find(({ name }) => name === stream)?.key : undefined;
  if (keyField === undefined || key === fields[keyField]) return [];
  // Whose records share no key have no order among them.
  const given = key === null ? "there is none" : `is ${printable(key).slice(0, 40)}`;
  return [violation("key", `must be the ${keyField}, ${fields[keyField]}, and ${given}`)];
}

const { messageId, traceparent, publishedAt } = messageHeaders;
const expectedHeaders: Readonly<Record<string, string>> = {
  [messageId]: "is missing: a repeat of the message cannot be told",
  [traceparent]: "is missing: the order's trace ends here",
  [publishedAt]: "is missing: the broker's time is taken",
};

/** Every message of ours has them; one of the series may do without. */
function findMissingHeaders({ headers }: StreamRecord): Problem[] {
  return Object.entries(expectedHeaders)
    .filter(([name]) => headers[name] === undefined)
    .map(([name, what]) => ({ level: "warning", field: `headers.${name}`, what }));
}

function violation(field: string, what: string): Problem {
  return { level: "violation", field, what };
}
