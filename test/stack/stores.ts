import { Redis } from "ioredis";
import { MongoClient } from "mongodb";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { Client } from "pg";
import type { ProbeTarget } from "../../cli/ready/probe.js";
import { connectRabbitmq } from "../../kit/rabbitmq.js";

const timeoutMs = 10_000;

/** The first row of a query on one of the MySQL servers. */
export async function queryMysql(target: ProbeTarget, sql: string): Promise<Record<string, unknown>> {
  const { host, port, user = "", password = "", database = "" } = target;
  const connection = await createConnection({
    host,
    port,
    user,
    password,
    database,
    connectTimeout: timeoutMs,
  });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows[0] ?? {};
  } finally {
    await connection.end();
  }
}

/** The first row of a query on the exchange's database. */
export async function queryPostgres(target: ProbeTarget, sql: string): Promise<Record<string, unknown>> {
  const { host, port, user = "", password = "", database = "" } = target;
  const client = new Client({ host, port, user, password, database, connectionTimeoutMillis: timeoutMs });
  await client.connect();
  try {
    const { rows } = await client.query(sql);
    return rows[0] ?? {};
  } finally {
    await client.end();
  }
}

export async function withMongo<T>(
  target: ProbeTarget,
  use: (client: MongoClient) => Promise<T>,
): Promise<T> {
  const { host, port, user = "", password = "" } = target;
  const client = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`, {
    auth: { username: user, password },
    serverSelectionTimeoutMS: timeoutMs,
  });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

export async function withRedis<T>(target: ProbeTarget, use: (redis: Redis) => Promise<T>): Promise<T> {
  const { host, port, password = "" } = target;
  const redis = new Redis({ host, port, password, connectTimeout: timeoutMs, maxRetriesPerRequest: 0 });
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

type Channel = Awaited<ReturnType<Awaited<ReturnType<typeof connectRabbitmq>>["createConfirmChannel"]>>;

export async function withRabbitmq<T>(
  target: ProbeTarget,
  use: (channel: Channel) => Promise<T>,
): Promise<T> {
  const { host, port, user = "", password = "" } = target;
  const connection = await connectRabbitmq({
    host,
    port,
    user,
    password,
    timeoutMs,
    connectionName: "stack test",
  });
  try {
    const channel = await connection.createConfirmChannel();
    channel.on("error", () => {});
    return await use(channel);
  } finally {
    await connection.close();
  }
}

/** The next message of a queue, not yet acknowledged. */
export async function takeMessage(channel: Channel, queue: string) {
  const message = await channel.get(queue);
  if (message === false) throw new Error(`${queue} is empty`);
  return message;
}
