/** Typed lines, each with a Tab where it ends, and the words that they become. */
export const lines: readonly (readonly [typed: string, words: readonly string[]])[] = [
  ["doct", ["doctor"]],
  ["tail --from-b", ["tail", "--from-beginning"]],
  ["tail wallet-", ["tail", "wallet-events-v1"]],
  ["tail --kafka trading", ["tail", "--kafka", "trading-assets-market-data-v1"]],
  ["tail --rabbit audit", ["tail", "--rabbit", "audit.broker.orders"]],
  ["tail -o h", ["tail", "-o", "hex"]],
  ["--runtime=emb", ["--runtime=embedded"]],
  ["logs -f kafka-", ["logs", "-f", "kafka-ui"]],
  ["exec prom", ["exec", "prometheus"]],
  ["order sell VALE3", ["order", "sell", "VALE3"]],
  ["order canc", ["order", "cancel"]],
  ["doctor --fix kafka.advertised-u", ["doctor", "--fix", "kafka.advertised-unreachable"]],
  ["seed --only b3-core", ["seed", "--only", "b3-core-db"]],
  ["-f docker-", ["-f", "docker-compose.yml"]],
  ["tail --filter 'a b' quot", ["tail", "--filter", "a b", "quotes"]],
];

/** A line in which a Tab has to leave alone what stands in the quotes. */
export const lineWithCommand = 'tail --filter "$(echo ran >> ran)" wallet-';
