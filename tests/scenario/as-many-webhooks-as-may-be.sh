#!/bin/sh
# As many webhooks as may be set, with everything else that is waited for: watch goes on.
. "$TOP/tests/watch.sh"
{
	printf '[dnsbl]\nenabled = yes\naddresses = 192.0.2.1\n'
	for number in $(seq 64); do
		printf '[webhook w%s]\nurl = http://127.0.0.1:9/hook\n' "$number"
	done
} > more.conf
mkdir state
: > mail.log
settings '' more.conf
follow_watch
stop_watch
