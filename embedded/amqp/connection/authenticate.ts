import { createHash, timingSafeEqual } from "node:crypto";
import { AmqpError } from "../wire/amqp-error.js";
import { ByteReader } from "../wire/byte-reader.js";
import { type Field, fieldText, type Table } from "../wire/table.js";

export interface Account {
  readonly user: string;
  readonly password: string;
}

/** Mechanisms as connection.start lists them. */
export const mechanisms = "PLAIN AMQPLAIN";

/**
 * Whether the response to connection.start names the account. @throws AmqpError 503 for another mechanism, 501 when
 * malformed
 */
export function isAccount(account: Account, mechanism: string, response: Buffer): boolean {
  const { user, password } = readResponse(mechanism, response);
  return same(user, account.user) && same(password, account.password);
}

function readResponse(mechanism: string, response: Buffer): Account {
  if (mechanism === "PLAIN") {
    const [, user = "", password = ""] = response.toString("utf8").split("\0");
    return { user, password };
  }
  if (mechanism !== "AMQPLAIN") throw new AmqpError(503, `mechanism '${mechanism}' is not offered`);
  const table = readAmqplain(response);
  return { user: fieldText(table.get("LOGIN")) ?? "", password: fieldText(table.get("PASSWORD")) ?? "" };
}

/** A table without its length. */
function readAmqplain(response: Buffer): Table {
  const reader = new ByteReader(response);
  const table = new Map<string, Field>();
  while (!reader.done) {
    const name = reader.shortstr();
    if (reader.octet() !== 0x53) throw new AmqpError(501, "AMQPLAIN takes strings only");
    table.set(name, { type: "S", value: reader.longstr() });
  }
  return table;
}

/** In constant time, whatever the lengths. */
function same(given: string, expected: string): boolean {
  const [one, other] = [given, expected].map((text) => createHash("sha256").update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
