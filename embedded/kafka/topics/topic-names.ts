/** Kafka's rule (org.apache.kafka.common.internals.Topic): letters, digits, ".", "_" and "-", at most 249 of them. */
export function isTopicName(name: string): boolean {
  return /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== "." && name !== "..";
}

/** Kafka keeps apart names that its metrics, where "." becomes "_", could not. */
export function collide(one: string, other: string): boolean {
  return one.replaceAll(".", "_") === other.replaceAll(".", "_");
}
