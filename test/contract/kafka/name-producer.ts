import { initProducerId } from "./wire/apis.js";
import { errorCodes } from "./wire/error-codes.js";
import { type World, waitUntil } from "./world.js";

/** Id and epoch of a new idempotent producer. */
export async function nameProducer(world: World): Promise<{ producerId: number; producerEpoch: number }> {
  const ask = () => world.raw.ask(initProducerId, { transactionalId: null, timeoutMs: 10_000 });
  let answer = await ask();
  // Apache Kafka gets its ids in blocks, the first one when it is first asked for one.
  await waitUntil(async () => {
    if (answer.errorCode === errorCodes.coordinatorLoading) answer = await ask();
    return answer.errorCode !== errorCodes.coordinatorLoading;
  });
  if (answer.errorCode !== errorCodes.none) throw new Error(`no producer id: ${answer.errorCode}`);
  return { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
}
