import { describeKafkaContract } from "./contract.js";
import { startEmbeddedKafka } from "./start-embedded.js";

describeKafkaContract("the embedded Kafka broker", startEmbeddedKafka);
