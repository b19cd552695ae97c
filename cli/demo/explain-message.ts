import { type Contract, placeOf } from "../streams/contract-of.js";
import { decode, type StreamRecord } from "../streams/record.js";

export type Fields = Readonly<Record<string, unknown>>;

/** The fields of a message of the brokerage; none of what is no JSON object. */
export function fieldsOf(record: StreamRecord): Fields {
  const value = decode(record);
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

/** What each message means for the order, by its contract and what it says. */
const meanings: Readonly<Record<Contract, Readonly<Record<string, string>>>> = {
  WalletEvent: {
    RESERVE: "The wallet holds back what it may cost: nothing is spent twice.",
    SETTLEMENT: "The wallet books the trade: cash on one side, shares on the other.",
    REFUND: "The price was better than the worst allowed: the rest is free.",
  },
  OrderEvent: {
    PENDING: "Kafka, inside the brokerage: it is stored, and who listens knows.",
    PARTIALLY_FILLED: "The brokerage has recorded a part of the trade.",
    FILLED: "The result is recorded once, and told to wallet and reports.",
    CANCELLED: "What found no other side is over: the wallet gives the rest back.",
    REJECTED: "The brokerage takes the refusal over.",
  },
  OrderMessage: { NEW: "RabbitMQ, to the exchange: persistent, confirmed by the broker." },
  ResultMessage: {
    ACCEPTED: "The exchange has stored it: from here on it cannot get lost.",
    PARTIALLY_FILLED: "Matched in part; the rest goes on looking.",
    FILLED: "Matched: what was traded, and at which price.",
    CANCELLED: "Nobody was there to trade with at this price.",
    REJECTED: "The exchange refuses it, and says why.",
  },
  MarketDataEvent: {},
};

/** One sentence of at most 67 characters; "" where the message speaks for itself. */
export function explainMessage(record: StreamRecord): string {
  const { contract } = placeOf(record);
  const { status, transactionType, action } = fieldsOf(record);
  if (contract === undefined) return "";
  const what = contract === "OrderMessage" ? (action ?? "NEW") : (transactionType ?? status);
  return meanings[contract][String(what)] ?? "";
}
