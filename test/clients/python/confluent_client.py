"""confluent-kafka against a broker: confluent_client.py BROKER COMMAND [ARGUMENT...]; prints one JSON value."""

import json
import sys

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic


def text(value):
    return None if value is None else value.decode()


def produce(broker, topic, codec, count):
    offsets = []

    def delivered(error, message):
        if error is not None:
            raise KafkaException(error)
        offsets.append(message.offset())

    producer = Producer(
        {"bootstrap.servers": broker, "enable.idempotence": True, "compression.type": codec, "linger.ms": 5}
    )
    for index in range(int(count)):
        producer.produce(
            topic, key=f"key {index}", value=f"confluent {index}", headers={"codec": codec}, on_delivery=delivered
        )
        producer.poll(0)
    producer.flush(20)
    return offsets


def consume(broker, topic, group, count):
    consumer = Consumer(
        {
            "bootstrap.servers": broker,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "partition.assignment.strategy": "cooperative-sticky",
        }
    )
    consumer.subscribe([topic])
    records = []
    while len(records) < int(count):
        message = consumer.poll(20)
        if message is None:
            break
        if message.error():
            raise KafkaException(message.error())
        headers = {name: text(value) for name, value in message.headers() or []}
        records.append(
            {"offset": message.offset(), "key": text(message.key()), "value": text(message.value()), "headers": headers}
        )
    consumer.commit(asynchronous=False)
    committed = {found.partition: found.offset for found in consumer.committed(consumer.assignment(), timeout=20)}
    consumer.close()
    return {"records": records, "committed": committed}


def offsets(broker, topic, timestamp_ms):
    consumer = Consumer({"bootstrap.servers": broker, "group.id": "only-asks"})
    first, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=20)
    [by_time] = consumer.offsets_for_times([TopicPartition(topic, 0, int(timestamp_ms))], timeout=20)
    consumer.close()
    return {"first": first, "end": end, "byTime": by_time.offset}


def settle(futures):
    """None or the name of the error, of the only one."""
    [future] = futures.values()
    try:
        future.result(timeout=20)
        return None
    except KafkaException as error:
        return error.args[0].name()


def admin(broker, topic):
    client = AdminClient({"bootstrap.servers": broker})
    new = NewTopic(topic, num_partitions=2, replication_factor=1, config={"retention.ms": "60000"})
    found = {"made": settle(client.create_topics([new])), "again": settle(client.create_topics([new]))}
    found["grown"] = settle(client.create_partitions([NewPartitions(topic, 4)]))
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    found["retention"] = client.describe_configs([resource])[resource].result(timeout=20)["retention.ms"].value
    changed = ConfigResource(ConfigResource.Type.TOPIC, topic, set_config={"retention.ms": "90000"})
    found["changed"] = settle(client.alter_configs([changed]))
    found["retentionNow"] = client.describe_configs([resource])[resource].result(timeout=20)["retention.ms"].value
    found["partitions"] = len(client.list_topics(topic, timeout=20).topics[topic].partitions)
    found["deleted"] = settle(client.delete_topics([topic]))
    found["topicLeft"] = topic in client.list_topics(timeout=20).topics
    return found


commands = {"produce": produce, "consume": consume, "offsets": offsets, "admin": admin}
print(json.dumps(commands[sys.argv[2]](sys.argv[1], *sys.argv[3:])))
