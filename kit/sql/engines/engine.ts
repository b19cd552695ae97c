import type { Dialect } from "kysely";
import type { SqlDialect } from "../dialect.js";
import type { SqlLock } from "../lock.js";

/** One of the three, opened. */
export interface SqlEngine {
  /** For kysely, which closes the connections if it ever used one. */
  readonly driver: Dialect;
  /** What is open before that. */
  readonly close?: () => void;
  readonly dialect: SqlDialect;
  /** Deadlock, lost race or a lock not had in time: the whole transaction may be run again. */
  isTransient(error: unknown): boolean;
  tryLock(name: string): Promise<SqlLock | undefined>;
}

/** How a database server is reached. */
export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Connections at most; default 4. */
  readonly poolSize?: number;
}

export const connectTimeoutMs = 3_000;
/** For one statement, on the server where it can be set there. */
export const statementTimeoutMs = 10_000;
/** The client gives up a little later than the server, which leaves the connection usable. */
export const answerTimeoutMs = 12_000;
export const lockTimeoutMs = 5_000;
export const defaultPoolSize = 4;
