import { startEmbeddedRabbit } from "../contract/streams/rabbit-world.js";
import { describeNoTrace } from "./no-trace.js";

describeNoTrace("the embedded brokers", startEmbeddedRabbit);
