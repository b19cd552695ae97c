import { startTestKafka } from "../../support/kafka-broker.js";
import { describeKafkaLink } from "./kafka-suite.js";

describeKafkaLink("the embedded broker", startTestKafka);
