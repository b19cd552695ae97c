import { connect } from "node:net";

// One small question for each kind of server, and how the answer of a server that really listens begins. Cheap
// enough to be asked all the time: what docker's port proxy accepts on behalf of a server that is not there yet
// gets no answer at all.

/** MySQL speaks first: packet header of 4 bytes, then protocol version 10 (an error packet would begin with 255). */
const mysql = { question: undefined, isAnswer: (bytes) => bytes.length > 4 && bytes[4] === 10 };

/** SSLRequest; the answer is one byte. */
const postgres = {
  question: Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]),
  isAnswer: (bytes) => bytes[0] === 0x4e || bytes[0] === 0x53,
};

/** OP_MSG with { hello: 1, $db: "admin" }; the answer is an OP_MSG (2013) too. */
const mongodb = {
  question: helloMessage(),
  isAnswer: (bytes) => bytes.length >= 16 && bytes.readInt32LE(12) === 2013,
};

const redis = {
  question: Buffer.from("PING\r\n"),
  isAnswer: (bytes) => /^(\+PONG|-NOAUTH)/.test(bytes.toString("latin1")),
};

/** ApiVersions version 0, correlation id "ping", no client id; the answer repeats the id and has error code 0. */
const kafka = {
  question: Buffer.from("\0\0\0\x0a\0\x12\0\0ping\xff\xff", "latin1"),
  isAnswer: (bytes) => bytes.subarray(4, 10).equals(Buffer.from("ping\0\0", "latin1")),
};

/** The greeting of AMQP 0-9-1; Connection.Start comes in a method frame, type 1. */
const rabbitmq = {
  question: Buffer.from("AMQP\0\0\x09\x01", "latin1"),
  isAnswer: (bytes) => bytes[0] === 1,
};

const questions = { mysql, postgres, mongodb, redis, kafka, rabbitmq };

const http = (server) => ({
  question: Buffer.from(`GET ${server.healthUrl} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`),
  isAnswer: (bytes) => /^HTTP\/1\.[01] 200 /.test(bytes.toString("latin1")),
});

const answerTimeoutMs = 2_000;

/**
 * Asks the server at 127.0.0.1:port once.
 * @param {{ kind: string, port: number, healthUrl?: string }} server
 * @returns {Promise<boolean>} whether it answered as its protocol has it; never rejects
 */
export function answers(server) {
  const { question, isAnswer } = server.kind === "http" ? http(server) : questions[server.kind];
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const socket = connect(server.port, "127.0.0.1");
    const end = (answered) => {
      socket.destroy();
      resolve(answered);
    };
    socket.setNoDelay(true).setTimeout(answerTimeoutMs, () => end(false));
    socket.on("connect", () => {
      if (question !== undefined) socket.write(question);
    });
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (isAnswer(received)) end(true);
    });
    socket.on("error", () => end(false));
    socket.on("close", () => end(false));
  });
}

function helloMessage() {
  const document = Buffer.from("\x1f\0\0\0\x10hello\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0", "latin1");
  const head = Buffer.alloc(21);
  head.writeInt32LE(head.length + document.length, 0);
  head.writeInt32LE(1, 4);
  head.writeInt32LE(2013, 12);
  return Buffer.concat([head, document]);
}
