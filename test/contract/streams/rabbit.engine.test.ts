import { describeRabbitSources } from "./rabbit-suite.js";
import { startRealRabbit } from "./rabbit-world.js";

describeRabbitSources("RabbitMQ", () => startRealRabbit());
