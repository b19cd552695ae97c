import { describeAmqpContract } from "./contract.js";
import { describeNotOffered } from "./not-offered.js";
import { startEmbedded } from "./start-embedded.js";

describeAmqpContract("the embedded AMQP broker", startEmbedded, describeNotOffered);
