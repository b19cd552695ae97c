"""pika's SelectConnection: publishes with confirms and consumes at the same time, prints the counts as JSON."""

import json
import sys

import pika

MESSAGES = 1000


class Client:
    def __init__(self, url, queue):
        self.queue = queue
        self.seen = {"confirmed": 0, "refused": 0, "received": 0, "bytes": 0, "cancelled": False, "closed": 0}
        self.connection = pika.SelectConnection(pika.URLParameters(url), on_open_callback=self.on_open)
        self.connection.add_on_close_callback(self.on_closed)

    def on_open(self, connection):
        connection.channel(on_open_callback=self.on_channel)

    def on_channel(self, channel):
        self.channel = channel
        channel.queue_declare(self.queue, durable=True, callback=self.on_declared)

    def on_declared(self, _frame):
        self.channel.confirm_delivery(self.on_confirm, callback=self.on_confirming)

    def on_confirming(self, _frame):
        self.channel.basic_qos(prefetch_count=50, callback=self.on_prefetch)

    def on_prefetch(self, _frame):
        self.channel.add_on_cancel_callback(self.on_cancelled)
        self.channel.basic_consume(self.queue, self.on_message)
        for _ in range(MESSAGES):
            self.channel.basic_publish("", self.queue, b"x" * 1000, pika.BasicProperties(delivery_mode=2))

    def on_confirm(self, frame):
        method = frame.method
        # With `multiple` the tag stands for all before it.
        if isinstance(method, pika.spec.Basic.Ack):
            self.seen["confirmed"] = max(self.seen["confirmed"], method.delivery_tag)
        else:
            self.seen["refused"] += 1
        self.finish_when_done()

    def on_message(self, channel, method, _properties, body):
        self.seen["received"] += 1
        self.seen["bytes"] += len(body)
        channel.basic_ack(method.delivery_tag)
        self.finish_when_done()

    def finish_when_done(self):
        if self.seen["confirmed"] == MESSAGES and self.seen["received"] == MESSAGES:
            self.channel.queue_delete(self.queue)

    def on_cancelled(self, _frame):
        self.seen["cancelled"] = True
        self.connection.close()

    def on_closed(self, connection, reason):
        self.seen["closed"] = reason.reply_code
        connection.ioloop.stop()

    def run(self):
        self.connection.ioloop.start()
        print(json.dumps(self.seen))


if __name__ == "__main__":
    Client(sys.argv[1], sys.argv[2]).run()
