"""What an ordinary pika BlockingConnection does with a broker: prints what it saw as one JSON document."""

import json
import sys

import pika
from pika.exceptions import ChannelClosedByBroker, NackError, UnroutableError


def main(url: str, prefix: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    seen = {
        "confirms": publish_with_confirms(connection.channel(), f"{prefix}.work"),
        "mandatory": publish_to_nobody(connection.channel()),
        "full": publish_to_full_queue(connection.channel(), f"{prefix}.full"),
        "prefetch": consume_with_prefetch(connection.channel(), f"{prefix}.work"),
        "deadLetter": reject_to_dead_letters(connection.channel(), f"{prefix}.rejected"),
        "rpc": call_over_reply_queue(connection.channel(), f"{prefix}.rpc"),
        "stream": read_stream_twice(connection.channel(), f"{prefix}.stream"),
        "missing": declare_missing(connection.channel(), f"{prefix}.missing"),
    }
    connection.close()
    print(json.dumps(seen))


def publish_with_confirms(channel, queue):
    channel.queue_declare(queue, durable=True)
    channel.confirm_delivery()
    properties = pika.BasicProperties(delivery_mode=2, headers={"number": 7, "text": "é", "list": [1, "two"]})
    for index in range(100):
        channel.basic_publish("", queue, str(index).encode(), properties, mandatory=True)
    return channel.queue_declare(queue, passive=True).method.message_count


def publish_to_nobody(channel):
    channel.confirm_delivery()
    try:
        channel.basic_publish("amq.direct", "nobody", b"lost", mandatory=True)
    except UnroutableError as error:
        return [message.method.reply_text for message in error.messages]
    return []


def publish_to_full_queue(channel, queue):
    limits = {"x-queue-type": "classic", "x-max-length": 1, "x-overflow": "reject-publish"}
    channel.queue_declare(queue, durable=True, arguments=limits)
    channel.confirm_delivery()
    channel.basic_publish("", queue, b"first")
    try:
        channel.basic_publish("", queue, b"second")
    except NackError:
        return "nacked"
    return "accepted"


def consume_with_prefetch(channel, queue):
    channel.basic_qos(prefetch_count=10)
    bodies = []
    headers = None
    for method, properties, body in channel.consume(queue, inactivity_timeout=10):
        if method is None:
            break
        bodies.append(int(body))
        headers = properties.headers
        channel.basic_ack(method.delivery_tag)
        if len(bodies) == 100:
            break
    channel.cancel()
    return {"inOrder": bodies == list(range(100)), "headers": headers}


def reject_to_dead_letters(channel, queue):
    dead = f"{queue}.dead"
    channel.queue_declare(dead, durable=True)
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    channel.queue_declare(queue, durable=True, arguments=arguments)
    channel.confirm_delivery()
    channel.basic_publish("", queue, b"bad")
    method, _, _ = next(channel.consume(queue, inactivity_timeout=10))
    channel.basic_nack(method.delivery_tag, requeue=False)
    channel.cancel()
    _, properties, body = next(channel.consume(dead, auto_ack=True, inactivity_timeout=10))
    channel.cancel()
    death = properties.headers["x-death"][0]
    return {"body": body.decode(), "reason": death["reason"], "count": death["count"], "keys": death["routing-keys"]}


def call_over_reply_queue(channel, queue):
    channel.queue_declare(queue, durable=True)
    replies = channel.queue_declare("", exclusive=True).method.queue
    answers = []

    def answer(served, method, properties, body):
        reply = pika.BasicProperties(correlation_id=properties.correlation_id)
        served.basic_publish("", properties.reply_to, body.upper(), reply)
        served.basic_ack(method.delivery_tag)

    def receive(served, _method, properties, body):
        answers.append([properties.correlation_id, body.decode()])
        served.stop_consuming()

    channel.basic_consume(queue, answer)
    channel.basic_consume(replies, receive, auto_ack=True, exclusive=True)
    channel.basic_publish("", queue, b"question", pika.BasicProperties(reply_to=replies, correlation_id="c1"))
    channel.start_consuming()
    return answers


def read_stream_twice(channel, queue):
    channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "stream"})
    channel.confirm_delivery()
    for index in range(20):
        channel.basic_publish("", queue, str(index).encode())
    channel.basic_qos(prefetch_count=5)
    reads = []
    for offset in ("first", 15):
        read = []
        messages = channel.consume(queue, arguments={"x-stream-offset": offset}, inactivity_timeout=10)
        for method, properties, body in messages:
            if method is None:
                break
            read.append([properties.headers["x-stream-offset"], int(body)])
            channel.basic_ack(method.delivery_tag)
            if read[-1][1] == 19:
                break
        channel.cancel()
        reads.append(read)
    return reads


def declare_missing(channel, queue):
    try:
        channel.queue_declare(queue, passive=True)
    except ChannelClosedByBroker as error:
        return error.reply_code
    return 0


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
