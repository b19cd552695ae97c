import type { Expression, InsertQueryBuilder, InsertResult, SelectQueryBuilder } from "kysely";
import type { Money } from "../money.js";
import type { SqlMoney, SqlTimestamp, Timestamp } from "./columns.js";

export type SqlKind = "sqlite" | "mysql" | "postgres";

/** What the three engines say differently. */
export interface SqlDialect {
  readonly kind: SqlKind;
  /** An exact operand for values, comparisons and sums. */
  money(amount: Money): Expression<SqlMoney>;
  timestamp(at: Timestamp): Expression<SqlTimestamp>;
  /**
   * Inserts the one row of the query unless a row with one of its unique keys exists; says whether it did. Every other
   * violation is an error (which INSERT IGNORE of MySQL would swallow).
   */
  insertIgnore<DB, TB extends keyof DB>(query: InsertQueryBuilder<DB, TB, InsertResult>): Promise<boolean>;
  /** Where a row with these keys exists its columns take the values of the query. MySQL: any unique key counts. */
  upsert<DB, TB extends keyof DB>(
    query: InsertQueryBuilder<DB, TB, InsertResult>,
    keys: readonly (keyof DB[TB] & string)[],
    columns: readonly (keyof DB[TB] & string)[],
  ): InsertQueryBuilder<DB, TB, InsertResult>;
  /** Whether an insert failed because a row with its key is there. */
  isDuplicate(error: unknown): boolean;
  /** Holds the rows until the transaction ends. SQLite: the transaction holds the whole file anyway. */
  forUpdate<DB, TB extends keyof DB, O>(query: SelectQueryBuilder<DB, TB, O>): SelectQueryBuilder<DB, TB, O>;
}
