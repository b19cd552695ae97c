import "./kafkajs-idle-timer.js";

/** Loaded by import() of this file: a bundle gives the names of a CommonJS package only to a static import. */
export { Kafka, logLevel } from "kafkajs";
