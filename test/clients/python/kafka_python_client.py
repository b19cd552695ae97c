"""kafka-python against a broker: kafka_python_client.py BROKER COMMAND [ARGUMENT...]; prints one JSON value."""

import json
import sys

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.errors import TopicAlreadyExistsError


def text(value):
    return None if value is None else value.decode()


def produce(broker, topic, codec, count):
    producer = KafkaProducer(bootstrap_servers=broker, acks="all", compression_type=None if codec == "none" else codec)
    sent = [
        producer.send(topic, key=b"key %d" % index, value=b"python %d" % index, headers=[("codec", codec.encode())])
        for index in range(int(count))
    ]
    producer.flush(timeout=20)
    offsets = [future.get(timeout=20).offset for future in sent]
    producer.close()
    return offsets


def consume(broker, topic, group, count):
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=broker,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=20_000,
    )
    records = []
    for record in consumer:
        headers = {name: text(value) for name, value in record.headers}
        records.append({"offset": record.offset, "key": text(record.key), "value": text(record.value), "headers": headers})
        if len(records) == int(count):
            break
    consumer.commit()
    committed = {partition.partition: consumer.committed(partition) for partition in consumer.assignment()}
    consumer.close()
    return {"records": records, "committed": committed}


def offsets(broker, topic, timestamp_ms):
    consumer = KafkaConsumer(bootstrap_servers=broker)
    partition = TopicPartition(topic, 0)
    by_time = consumer.offsets_for_times({partition: int(timestamp_ms)})[partition]
    found = {
        "first": consumer.beginning_offsets([partition])[partition],
        "end": consumer.end_offsets([partition])[partition],
        "byTime": None if by_time is None else by_time.offset,
    }
    consumer.close()
    return found


def admin(broker, topic, group):
    client = KafkaAdminClient(bootstrap_servers=broker)
    new = NewTopic(topic, 2, 1, topic_configs={"retention.ms": "60000"})
    client.create_topics([new])
    try:
        client.create_topics([new])
        again = None
    except TopicAlreadyExistsError as error:
        again = type(error).__name__
    client.create_partitions({topic: NewPartitions(4)})
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    [configs] = client.describe_configs([resource])
    [described] = client.describe_topics([topic])
    groups = [name for name, _ in client.list_consumer_groups()]
    [state] = client.describe_consumer_groups([group])
    held = client.list_consumer_group_offsets(group)
    client.delete_consumer_groups([group])
    left = [name for name, _ in client.list_consumer_groups()]
    client.delete_topics([topic])
    found = {
        "again": again,
        "partitions": len(described["partitions"]),
        "retention": {entry[0]: entry[1] for entry in configs.resources[0][4]}["retention.ms"],
        "listed": group in groups,
        "state": state.state,
        "offsets": sorted(value.offset for value in held.values()),
        "left": group in left,
        "topicLeft": topic in client.list_topics(),
    }
    client.close()
    return found


commands = {"produce": produce, "consume": consume, "offsets": offsets, "admin": admin}
print(json.dumps(commands[sys.argv[2]](sys.argv[1], *sys.argv[3:])))
