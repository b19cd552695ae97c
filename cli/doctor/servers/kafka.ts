import { checkServers } from "./examine.js";
import { examineAdvertised } from "./kafka-advertised.js";
import { examineGroups, groupFindings } from "./kafka-groups.js";
import { type KafkaLink, openKafkaLink } from "./kafka-link.js";
import { produceAndConsume } from "./kafka-scratch.js";
import { examineTopics, topicFindings } from "./kafka-topics.js";

export const kafkaCheck = checkServers({
  kind: "kafka",
  title: "Kafka is where it says, passes a record on, has its topics, and its groups keep up",
  finds: ["kafka.advertised-unreachable", ...topicFindings, ...groupFindings],
  examine: ({ facts, target, session }) => {
    const link = openKafkaLink(target, session);
    const advertised = link.then((opened) => examineAdvertised(facts, target, opened));
    // Where Kafka sends its clients to nowhere, the other answers would only say that again.
    const reachable = (work: (opened: KafkaLink) => ReturnType<typeof examineTopics>) =>
      Promise.all([link, advertised]).then(([opened, wrong]) => (wrong.length > 0 ? [] : work(opened)));
    return [
      advertised,
      link.then((opened) => examineTopics(target, opened)),
      reachable((opened) => produceAndConsume(target, session, opened)),
      reachable((opened) => examineGroups(facts, target, { session, link: opened })),
    ];
  },
});
