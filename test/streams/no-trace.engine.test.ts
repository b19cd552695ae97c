import { startRealRabbit } from "../contract/streams/rabbit-world.js";
import { describeNoTrace } from "./no-trace.js";

describeNoTrace("RabbitMQ and Kafka", () => startRealRabbit("kafka"));
