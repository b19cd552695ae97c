/**
 * Headers of every message; AMQP and Kafka alike. Apart from the messages: who only looks at headers loads no schema.
 */
export const messageHeaders = {
  /** Of a Kafka record; AMQP has a property for it. */
  messageId: "message-id",
  /** W3C Trace Context. */
  traceparent: "traceparent",
  /** Unix time in ms at which it was handed to the broker. */
  publishedAt: "x-published-at",
  /** Of a dead letter: why it can never be valid, in one line. */
  reason: "x-reason",
} as const;
