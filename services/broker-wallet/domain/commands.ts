import type { Money } from "../../../kit/money.js";
import { type Book, baseTicker, positionKey, type Reservation, type Terms } from "./book.js";
import { costOf, type Draft, type Entry, post } from "./post.js";
import { asRefusal, type Refusal } from "./refusal.js";
import { follow, release, reserve } from "./reservations.js";

export interface CashMove {
  readonly kind: "DEPOSIT" | "WITHDRAWAL";
  readonly userId: string;
  /** Above zero. */
  readonly amount: Money;
}

export interface CustodyMove {
  readonly kind: "CUSTODY_IN" | "CUSTODY_OUT";
  readonly userId: string;
  readonly ticker: string;
  readonly quantity: number;
  /** What all of them cost; of CUSTODY_IN only. */
  readonly cost: Money;
}

export interface Reserve {
  readonly kind: "RESERVE";
  readonly orderId: string;
  readonly terms: Terms;
}

export interface Release {
  readonly kind: "RELEASE";
  readonly orderId: string;
}

/** What an order event means here; one with neither execution nor executedInAll means nothing. */
export interface OrderNews {
  readonly kind: "NEWS";
  readonly orderId: string;
  readonly terms: Omit<Terms, "unitPrice">;
  readonly execution?: { readonly executionId: string; readonly price: Money; readonly quantity: number };
  /** Of a final event: the shares that are executed by all executions of the order. */
  readonly executedInAll?: number;
}

export type Command = CashMove | CustodyMove | Reserve | Release | OrderNews;

/** The order that a command is about; "" with none. */
export function orderOf(command: Command): string {
  return "orderId" in command ? command.orderId : "";
}

/** What a command moves. A Release does not say whose: its reservation does, if there is one. */
export function accountOf(command: Command, reservation?: Reservation): { userId: string; ticker: string } {
  switch (command.kind) {
    case "DEPOSIT":
    case "WITHDRAWAL":
      return { userId: command.userId, ticker: "" };
    case "CUSTODY_IN":
    case "CUSTODY_OUT":
      return { userId: command.userId, ticker: baseTicker(command.ticker) };
    default: {
      const terms = command.kind === "RELEASE" ? reservation?.terms : command.terms;
      return { userId: terms?.userId ?? "", ticker: baseTicker(terms?.ticker ?? "") };
    }
  }
}

export interface Done {
  /** None: what the command asks for was so already. */
  readonly entries: readonly Entry[];
  /** Of its order, afterwards. */
  readonly reservation: Reservation | undefined;
}

/** Runs one command on a book that holds all it needs; a Refusal changes nothing. */
export function execute(book: Book, command: Command): Done | Refusal {
  const orderId = orderOf(command);
  const reservation = book.reservations.get(orderId);
  const { userId, ticker } = accountOf(command, reservation);
  const account = book.account(userId);
  const position = book.position(userId, ticker);
  const draft: Draft = { account, position, reservation, settled: undefined, entries: [] };
  try {
    change(draft, command, book);
  } catch (error) {
    return asRefusal(error);
  }
  if (draft.account !== account) book.accounts.put(userId, draft.account);
  if (draft.position !== position) book.positions.put(positionKey(userId, ticker), draft.position);
  if (draft.reservation !== undefined && draft.reservation !== reservation) {
    book.reservations.put(orderId, draft.reservation);
  }
  if (draft.settled !== undefined) book.settled.add(draft.settled);
  return { entries: draft.entries, reservation: draft.reservation };
}

function change(draft: Draft, command: Command, book: Book): void {
  switch (command.kind) {
    case "DEPOSIT":
      post(draft, { type: "DEPOSIT", cash: command.amount });
      break;
    case "WITHDRAWAL":
      post(draft, { type: "WITHDRAWAL", cash: -command.amount });
      break;
    case "CUSTODY_IN":
      post(draft, { type: "CUSTODY_IN", shares: command.quantity, cost: command.cost });
      break;
    case "CUSTODY_OUT": {
      const cost = -costOf(draft.position, command.quantity);
      post(draft, { type: "CUSTODY_OUT", shares: -command.quantity, cost });
      break;
    }
    case "RESERVE":
      reserve(draft, command);
      break;
    case "RELEASE":
      release(draft, command.orderId);
      break;
    case "NEWS":
      follow(draft, command, (key) => book.settled.has(key));
      break;
  }
}
