import amqp from "amqplib";
import { Redis } from "ioredis";
import { Kafka, logLevel } from "kafkajs";
import { MongoClient } from "mongodb";
import { createConnection } from "mysql2/promise";
import pg from "pg";
import { answers } from "./ask.mjs";

const host = "127.0.0.1";
const timeoutMs = 2_000;

// Each logs in with the credentials of .env and asks for something, with the public client library and none of
// mybroker's own code. Each rejects when the server refuses or does not answer.
const logins = {
  async mysql({ port, user, password, database }) {
    const options = { host, port, user, password, database, connectTimeout: timeoutMs };
    const connection = await createConnection(options);
    connection.on("error", () => {});
    await connection.query("SELECT 1").finally(() => connection.destroy());
  },

  async postgres({ port, user, password, database }) {
    const client = new pg.Client({
      host,
      port,
      user,
      password,
      database,
      connectionTimeoutMillis: timeoutMs,
    });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.query("SELECT 1");
    } finally {
      await client.end();
    }
  },

  async mongodb({ port, user, password }) {
    const client = new MongoClient(`mongodb://${host}:${port}`, {
      auth: { username: user, password },
      directConnection: true,
      serverSelectionTimeoutMS: timeoutMs,
    });
    try {
      await client.db("admin").command({ listDatabases: 1, nameOnly: true });
    } finally {
      await client.close();
    }
  },

  async redis({ port, password }) {
    const options = { host, port, password, lazyConnect: true, connectTimeout: timeoutMs };
    const client = new Redis({ ...options, retryStrategy: () => null, maxRetriesPerRequest: 0 });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.ping();
    } finally {
      client.disconnect();
    }
  },

  async kafka({ port }) {
    const client = new Kafka({
      brokers: [`${host}:${port}`],
      connectionTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      retry: { retries: 0 },
      logLevel: logLevel.NOTHING,
    });
    const admin = client.admin();
    try {
      await admin.connect();
      const { brokers } = await admin.describeCluster();
      if (brokers.length === 0) throw new Error("no broker in the cluster");
    } finally {
      await admin.disconnect();
    }
  },

  async rabbitmq({ port, user, password }) {
    const server = { hostname: host, port, username: user, password, heartbeat: 10 };
    const connection = await amqp.connect(server, { timeout: timeoutMs, noDelay: true });
    connection.on("error", () => {});
    const channel = await connection.createChannel();
    await channel.close();
    await connection.close();
  },

  async http(server) {
    if (!(await answers(server))) throw new Error("not 200");
  },
};

/** @param {object} server kind, port, and user, password, database or healthUrl as its kind needs them */
export async function logIn(server) {
  await logins[server.kind](server);
}
