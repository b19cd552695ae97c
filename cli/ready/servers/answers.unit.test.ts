import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ServerKind } from "../../compose/model.js";
import { healthPath, readHttpAnswer } from "./http.js";
import { readApiVersions } from "./kafka.js";
import { readMongoAnswer } from "./mongodb.js";
import { readMysqlGreeting } from "./mysql.js";
import { readPostgresAnswer } from "./postgres.js";
import { readAmqpAnswer } from "./rabbitmq.js";
import { readRedisAnswer } from "./redis.js";
import { readServiceAnswer } from "./service.js";
import type { ReadAnswer } from "./wire.js";

const readers: Record<ServerKind, ReadAnswer> = {
  mysql: readMysqlGreeting,
  postgres: readPostgresAnswer,
  mongodb: readMongoAnswer,
  redis: readRedisAnswer,
  kafka: readApiVersions,
  rabbitmq: readAmqpAnswer,
  http: readHttpAnswer,
  service: readServiceAnswer,
};

function notReadyService(body: string): Buffer {
  return Buffer.from(
    `HTTP/1.1 503 Service Unavailable\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

const dependencies = [
  { name: "database", ok: true },
  { name: "kafka", ok: false },
  { name: "rabbitmq", ok: false },
];

function mysqlPacket(payload: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  return Buffer.concat([header, payload]);
}

function mysqlError(code: number, message: string): Buffer {
  return mysqlPacket(Buffer.from([0xff, code & 0xff, code >> 8, ...Buffer.from(message)]));
}

function postgresError(state: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C${state}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(4 + fields.length, 1);
  return Buffer.concat([head, fields]);
}

function mongoReply(ok: number): Buffer {
  const head = Buffer.alloc(25);
  head.writeInt32LE(0x6d79_6272, 8);
  head.writeInt32LE(2013, 12);
  const value = Buffer.alloc(8);
  value.writeDoubleLE(ok);
  const message = Buffer.concat([head, Buffer.from("\x01ok\0", "latin1"), value, Buffer.from([0])]);
  message.writeInt32LE(message.length, 0);
  return message;
}

function kafkaReply(errorCode: number): Buffer {
  const message = Buffer.alloc(14);
  message.writeInt32BE(10, 0);
  message.writeInt32BE(0x6d79_6272, 4);
  message.writeInt16BE(errorCode, 8);
  return message;
}

const greeting = mysqlPacket(Buffer.from("\x0a8.0.44\0\x08\0\0\0abcdefgh\0", "latin1"));
const amqpStart = Buffer.from("\x01\0\0\0\0\0\x10\0\x0a\0\x0a\0\x09rest", "latin1");

const samples: [ServerKind, string, Buffer, object][] = [
  ["mysql", "a greeting", greeting, { ready: true, detail: "MySQL 8.0.44" }],
  ["mysql", "too many connections", mysqlError(1040, "Too many connections"), { reason: "starting" }],
  ["mysql", "a refused host", mysqlError(1130, "Host '172.18.0.1' is not allowed"), { reason: "denied" }],
  ["postgres", "a request for SCRAM", Buffer.from("R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"), { ready: true }],
  [
    "postgres",
    "starting up",
    postgresError("57P03", "the database system is starting up"),
    { reason: "starting" },
  ],
  ["postgres", "no such role", postgresError("28000", "role does not exist"), { reason: "denied" }],
  ["mongodb", "ok: 1", mongoReply(1), { ready: true }],
  ["mongodb", "ok: 0", mongoReply(0), { reason: "starting" }],
  ["redis", "PONG", Buffer.from("+PONG\r\n"), { ready: true }],
  ["redis", "a request for AUTH", Buffer.from("-NOAUTH Authentication required.\r\n"), { ready: true }],
  [
    "redis",
    "loading",
    Buffer.from("-LOADING Redis is loading the dataset in memory\r\n"),
    { reason: "starting" },
  ],
  [
    "redis",
    "protected mode",
    Buffer.from("-DENIED Redis is running in protected mode\r\n"),
    { reason: "denied" },
  ],
  ["redis", "no disk", Buffer.from("-MISCONF Errors writing to the AOF file\r\n"), { reason: "error" }],
  ["kafka", "no error", kafkaReply(0), { ready: true }],
  ["kafka", "another version", kafkaReply(35), { ready: true }],
  ["kafka", "an error", kafkaReply(15), { reason: "starting" }],
  ["rabbitmq", "connection.start", amqpStart, { ready: true }],
  ["rabbitmq", "AMQP 1.0", Buffer.from("AMQP\x03\x01\0\0"), { reason: "wrong-server" }],
  ["http", "200", Buffer.from("HTTP/1.1 200 OK\r\n"), { ready: true, detail: "HTTP 200 OK" }],
  ["http", "503", Buffer.from("HTTP/1.1 503 Service Unavailable\r\n"), { reason: "starting" }],
  ["service", "200", Buffer.from("HTTP/1.1 200 OK\r\n"), { ready: true }],
  [
    "service",
    "503 with what it waits for",
    notReadyService(JSON.stringify({ status: "not-ready", dependencies })),
    { reason: "starting", detail: "waits for kafka, rabbitmq" },
  ],
  ["service", "503 with another body", notReadyService("[1"), { detail: "HTTP 503 Service Unavailable" }],
  ["http", "404 without a phrase", Buffer.from("HTTP/1.1 404\r\n"), { reason: "error", detail: "HTTP 404" }],
];

function isHttp(kind: ServerKind): boolean {
  return kind === "http" || kind === "service";
}

describe("first answers", () => {
  test.each(samples)("%s: %s", (kind, _name, bytes, expected) => {
    expect(readers[kind](bytes)).toMatchObject(expected);
  });

  test.each(samples)(
    "%s: %s, whatever pieces it comes in, never changes its meaning",
    (kind, _name, bytes, expected) => {
      for (let length = 0; length < bytes.length; length += 1) {
        const early = readers[kind](bytes.subarray(0, length));
        if (early !== undefined) expect(early).toMatchObject(expected);
      }
    },
  );

  test.each(samples)("%s: %s is another kind's wrong server, or incomplete", (kind, _name, bytes) => {
    for (const other of Object.keys(readers) as ServerKind[]) {
      // A service is a web server with one page of its own.
      if (other === kind || (isHttp(other) && isHttp(kind))) continue;
      const answer = readers[other](bytes);
      if (answer !== undefined) expect(answer).toMatchObject({ ready: false, reason: "wrong-server" });
    }
  });

  test.each(Object.keys(readers) as ServerKind[])(
    "%s: arbitrary bytes after any beginning never throw",
    (kind) => {
      const starts = samples.filter(([owner]) => owner === kind).map(([, , bytes]) => bytes);
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 200 }),
          fc.constantFrom(Buffer.alloc(0), ...starts),
          fc.nat(40),
          (tail, start, kept) => {
            const bytes = Buffer.concat([start.subarray(0, kept), tail]);
            const answer = readers[kind](bytes);
            if (answer !== undefined && !answer.ready) expect(answer.detail.length).toBeLessThanOrEqual(220);
          },
        ),
        { numRuns: 2000 },
      );
    },
  );
});

test("healthPath takes a path or a full URL", () => {
  expect(healthPath(undefined)).toBe("/");
  expect(healthPath("/-/ready")).toBe("/-/ready");
  expect(healthPath("http://127.0.0.1:3000/api/health?x=1")).toBe("/api/health?x=1");
  expect(healthPath("/a b\r\nHost: evil")).toBe("/a%20bHost:%20evil");
});
