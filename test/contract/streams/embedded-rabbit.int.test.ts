import { describeRabbitSources } from "./rabbit-suite.js";
import { startEmbeddedRabbit } from "./rabbit-world.js";

describeRabbitSources("the embedded broker", startEmbeddedRabbit);
