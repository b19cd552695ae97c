import { startEmbedded } from "../amqp/start-embedded.js";
import { describeRabbitmqLink } from "./rabbitmq-suite.js";

describeRabbitmqLink("the embedded broker", startEmbedded);
