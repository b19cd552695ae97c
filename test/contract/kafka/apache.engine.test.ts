import { describeKafkaContract } from "./contract.js";
import { startApacheKafka } from "./start-apache.js";

describeKafkaContract("Apache Kafka on the engine", () => startApacheKafka(`kafkacontract${process.pid}`));
