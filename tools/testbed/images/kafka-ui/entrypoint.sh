#!/bin/sh
# Answers /actuator/health on 8080 until it is told to stop.
echo 'stand-in for Kafka UI: proves only the life cycle of the container, reads no setting and shows no page'
httpd -f -p 8080 -h /www &
server=$!
# 143 is what the JVM of the official image says when a signal ends it.
trap 'kill "$server"; exit 143' TERM INT
wait "$server"
