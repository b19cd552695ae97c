import { startEmbeddedKafka } from "../kafka/start-embedded.js";
import { describeKafkaReader } from "./contract.js";

describeKafkaReader("the embedded Kafka broker", startEmbeddedKafka);
