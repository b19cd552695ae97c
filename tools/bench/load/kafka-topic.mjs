// Makes an empty topic with one partition anew.   node kafka-topic.mjs PORT NAME
process.env.KAFKAJS_NO_PARTITIONER_WARNING = "1";
const { Kafka, logLevel } = (await import("kafkajs")).default;

const [port, topic] = process.argv.slice(2);
const admin = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING }).admin();
await admin.connect();
if ((await admin.listTopics()).includes(topic)) await admin.deleteTopics({ topics: [topic] });
// A deletion goes on for a moment after it was answered.
const deadlineMs = Date.now() + 30_000;
for (;;) {
  try {
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    break;
  } catch (error) {
    if (Date.now() > deadlineMs) throw error;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
await admin.disconnect();
