/*
 * Lines that are JSON objects: `journalctl -o json`, what rsyslog, syslog-ng, Fluent Bit and Vector write of a syslog
 * message, Docker's json-file, exports of Elasticsearch, Splunk, Loki, Graylog and Google. Only what makes a log line
 * is looked at. For frame.c.
 */
#ifndef SENDWATCH_PARSERS_FRAME_JSON_H
#define SENDWATCH_PARSERS_FRAME_JSON_H

#include "base/span.h"

/* Where plain text is put, one behind the other; what has no room is cut off. */
struct json_room {
	char *at;
	size_t left;
};

/* What an object does not have is absent. */
struct json_entry {
	struct span time; /* "2026-11-21T16:29:42Z", or "1795278580.123456" whatever unit the object has */
	struct span host, tag, pid, words;
};

/* False where LINE is no object, or has neither time nor words. ENTRY_R borrows from ROOM and LINE. */
bool frame_json_read(struct span line, struct json_room *room, struct json_entry *entry_r);

/* A string's text with a blank before it. REST stands behind its first quote, then its last. False where that lacks. */
bool frame_json_text(struct span *rest, struct json_room *room, struct span *text_r);

#endif
