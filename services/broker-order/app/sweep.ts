import { abandon, sendAgain } from "../domain/lifecycle.js";
import { changeOrder } from "./change-order.js";
import { type GiveUpPorts, giveBack } from "./give-up.js";

/** At once; the rest waits for the next time. */
const limit = 100;

/**
 * Does what is due at `now`: gives up on reservations that were never answered, gives back what is still held for
 * those, sends again what the exchange has not answered.
 */
export async function sweep(ports: GiveUpPorts, now: number): Promise<void> {
  const due = await ports.store.listDue(now, limit);
  await Promise.all(
    due.map(async (orderId) => {
      const order = await changeOrder(ports.store, orderId, (found) =>
        found.dueAt === null || found.dueAt > now
          ? undefined
          : (abandon(found, now) ?? sendAgain(found, now)),
      );
      await giveBack(ports, order, now);
    }),
  );
}
