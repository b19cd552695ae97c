/**
 * The methods of AMQP 0-9-1 with RabbitMQ's extensions: class and method id, then the arguments in order, each with
 * its type; one without is a bit.
 */
export const methods = {
  "connection.start":
    "10 10 versionMajor:octet versionMinor:octet serverProperties:table mechanisms:longstr locales:longstr",
  "connection.start-ok": "10 11 clientProperties:table mechanism:shortstr response:longstr locale:shortstr",
  "connection.secure-ok": "10 21 response:longstr",
  "connection.tune": "10 30 channelMax:short frameMax:long heartbeat:short",
  "connection.tune-ok": "10 31 channelMax:short frameMax:long heartbeat:short",
  "connection.open": "10 40 virtualHost:shortstr reserved1:shortstr reserved2",
  "connection.open-ok": "10 41 reserved1:shortstr",
  "connection.close": "10 50 replyCode:short replyText:shortstr classId:short methodId:short",
  "connection.close-ok": "10 51",
  "connection.blocked": "10 60 reason:shortstr",
  "connection.unblocked": "10 61",
  "connection.update-secret": "10 70 newSecret:longstr reason:shortstr",
  "channel.open": "20 10 reserved1:shortstr",
  "channel.open-ok": "20 11 reserved1:longstr",
  "channel.flow": "20 20 active",
  "channel.flow-ok": "20 21 active",
  "channel.close": "20 40 replyCode:short replyText:shortstr classId:short methodId:short",
  "channel.close-ok": "20 41",
  "exchange.declare":
    "40 10 reserved1:short exchange:shortstr type:shortstr passive durable autoDelete internal noWait arguments:table",
  "exchange.declare-ok": "40 11",
  "exchange.delete": "40 20 reserved1:short exchange:shortstr ifUnused noWait",
  "exchange.delete-ok": "40 21",
  "exchange.bind":
    "40 30 reserved1:short destination:shortstr source:shortstr routingKey:shortstr noWait arguments:table",
  "exchange.bind-ok": "40 31",
  "exchange.unbind":
    "40 40 reserved1:short destination:shortstr source:shortstr routingKey:shortstr noWait arguments:table",
  "exchange.unbind-ok": "40 51",
  "queue.declare":
    "50 10 reserved1:short queue:shortstr passive durable exclusive autoDelete noWait arguments:table",
  "queue.declare-ok": "50 11 queue:shortstr messageCount:long consumerCount:long",
  "queue.bind":
    "50 20 reserved1:short queue:shortstr exchange:shortstr routingKey:shortstr noWait arguments:table",
  "queue.bind-ok": "50 21",
  "queue.purge": "50 30 reserved1:short queue:shortstr noWait",
  "queue.purge-ok": "50 31 messageCount:long",
  "queue.delete": "50 40 reserved1:short queue:shortstr ifUnused ifEmpty noWait",
  "queue.delete-ok": "50 41 messageCount:long",
  "queue.unbind":
    "50 50 reserved1:short queue:shortstr exchange:shortstr routingKey:shortstr arguments:table",
  "queue.unbind-ok": "50 51",
  "basic.qos": "60 10 prefetchSize:long prefetchCount:short global",
  "basic.qos-ok": "60 11",
  "basic.consume":
    "60 20 reserved1:short queue:shortstr consumerTag:shortstr noLocal noAck exclusive noWait arguments:table",
  "basic.consume-ok": "60 21 consumerTag:shortstr",
  "basic.cancel": "60 30 consumerTag:shortstr noWait",
  "basic.cancel-ok": "60 31 consumerTag:shortstr",
  "basic.publish": "60 40 reserved1:short exchange:shortstr routingKey:shortstr mandatory immediate",
  "basic.return": "60 50 replyCode:short replyText:shortstr exchange:shortstr routingKey:shortstr",
  "basic.deliver":
    "60 60 consumerTag:shortstr deliveryTag:longlong redelivered exchange:shortstr routingKey:shortstr",
  "basic.get": "60 70 reserved1:short queue:shortstr noAck",
  "basic.get-ok":
    "60 71 deliveryTag:longlong redelivered exchange:shortstr routingKey:shortstr messageCount:long",
  "basic.get-empty": "60 72 reserved1:shortstr",
  "basic.ack": "60 80 deliveryTag:longlong multiple",
  "basic.reject": "60 90 deliveryTag:longlong requeue",
  "basic.recover-async": "60 100 requeue",
  "basic.recover": "60 110 requeue",
  "basic.recover-ok": "60 111",
  "basic.nack": "60 120 deliveryTag:longlong multiple requeue",
  "confirm.select": "85 10 noWait",
  "confirm.select-ok": "85 11",
  "tx.select": "90 10",
  "tx.commit": "90 20",
  "tx.rollback": "90 30",
} as const;
