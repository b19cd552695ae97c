import type { Handler } from "../broker.js";
import { kafkaErrors } from "../errors.js";
import { transactionsRefused } from "./produce.js";
import { explainError } from "./topic-lists.js";

/** InitProducerId: a new id for an idempotent producer, in its first epoch. */
export const initProducerId: Handler = async (broker, { reader, writer }) => {
  const transactionalId = reader.nullableString();
  reader.int32();
  try {
    if (transactionalId !== null) throw transactionsRefused();
    const id = await broker.producerIds.next();
    return writer.int16(kafkaErrors.NONE).int64(id).int16(0);
  } catch (error) {
    return writer.int16(explainError(error, broker).code).int64(-1).int16(-1);
  }
};
