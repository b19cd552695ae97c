#!/bin/sh
# Answers /actuator/health on 8080. Like the official image's shell it stays
# process 1 and passes no signal on: without an init a stop takes all its grace.
echo 'stand-in for Kafka UI: proves only the life cycle of the container, reads no setting and shows no page'
httpd -f -p 8080 -h /www
exit $?
