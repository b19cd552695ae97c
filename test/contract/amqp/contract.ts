import { afterAll, beforeAll, describe } from "vitest";
import { describeConnections } from "./connections.js";
import { describeConsumeErrors, describeConsuming } from "./consume.js";
import { describeDeadLetters } from "./dead-letters.js";
import { describeDeletes, describeExchanges, describeQueues } from "./declare.js";
import { describeDefined } from "./defined.js";
import { type AmqpServer, createLab, type Lab } from "./lab.js";
import { describeLimits } from "./limits.js";
import { describeProperties, describePublishing } from "./publish.js";
import { describeRestart } from "./restart.js";
import { describeExchangeChains, describeRouting } from "./routing.js";
import { describeStreams } from "./streams.js";

/** What RabbitMQ 4.3 does and the embedded broker does in the same way; `describeMore` adds what is one server's own. */
export function describeAmqpContract(
  name: string,
  start: () => Promise<AmqpServer>,
  describeMore?: (lab: Lab) => void,
): void {
  describe(`AMQP 0-9-1 contract: ${name}`, () => {
    let server: AmqpServer | undefined;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.close());
    const lab = createLab(() => {
      if (server === undefined) throw new Error("the server has not been started");
      return server;
    });

    describeConnections(lab);
    describeQueues(lab);
    describeDeletes(lab);
    describeExchanges(lab);
    describeRouting(lab);
    describeExchangeChains(lab);
    describePublishing(lab);
    describeProperties(lab);
    describeConsuming(lab);
    describeConsumeErrors(lab);
    describeLimits(lab);
    describeDeadLetters(lab);
    describeStreams(lab);
    describeDefined(lab);
    describeMore?.(lab);
    describeRestart(lab);
  });
}
