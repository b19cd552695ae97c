import type { Position, Transaction, WalletSummary } from "../../../contracts/rest.js";
import { addMoney, toPayload } from "../../../kit/money.js";
import { Problem, refuse } from "../../shared/http/problem.js";
import type { AccountView, LedgerEntry } from "../app/store.js";
import type * as domain from "../domain/book.js";
import { averagePrice } from "../domain/post.js";
import type { Refusal } from "../domain/refusal.js";
import { formatMs } from "./events.js";

export function toSummary({ userId, available, blocked, updatedAt }: AccountView): WalletSummary {
  return {
    userId,
    available: toPayload(available),
    blocked: toPayload(blocked),
    total: toPayload(addMoney(available, blocked)),
    updatedAt: formatMs(updatedAt),
  };
}

export function toPosition(position: domain.Position, price: number | undefined): Position {
  const average = averagePrice(position);
  return {
    ticker: position.ticker,
    available: position.available,
    blocked: position.blocked,
    totalCost: toPayload(position.totalCost),
    averagePrice: average === null ? null : toPayload(average),
    price: price ?? null,
  };
}

export function toTransaction(entry: LedgerEntry): Transaction {
  return {
    transactionId: entry.transactionId,
    sequence: entry.sequence,
    transactionType: entry.type,
    amount: toPayload(entry.amount),
    ticker: entry.ticker,
    quantity: entry.quantity,
    orderId: entry.orderId,
    executionId: entry.executionId,
    balanceAfter: toPayload(entry.balanceAfter),
    blockedBalanceAfter: toPayload(entry.blockedBalanceAfter),
    createdAt: formatMs(entry.createdAt),
  };
}

/** 409 where the order's past forbids it, else 422. */
export function toProblem({ code, message }: Refusal): Problem {
  return code === "RELEASED" || code === "RESERVATION_MISMATCH"
    ? new Problem({ status: 409, code, title: message })
    : refuse(code, message);
}
