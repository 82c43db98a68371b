/*
 * Reading the export format as a stream: a name, then a value by its newline or its length, one state for each.
 * Only fields that a line needs are kept, each up to EXPORT_VALUE bytes.
 */
#include "collector/export.h"

#include "base/memory.h"
#include "collector/journald_line.h"

#include <stdio.h>
#include <stdlib.h>

#define EXPORT_NAME  64 /* journald's own bound for a field's name */
#define EXPORT_VALUE ((size_t)64 * 1024)

enum export_field {
	EXPORT_TIME,
	EXPORT_SOURCE_TIME,
	EXPORT_HOST,
	EXPORT_IDENTIFIER,
	EXPORT_COMMAND,
	EXPORT_SYSLOG_PID,
	EXPORT_PID,
	EXPORT_UID,
	EXPORT_MESSAGE,
	EXPORT_FIELDS
};

static const struct span export_names[EXPORT_FIELDS] = {
	[EXPORT_TIME] = SPAN_INIT("__REALTIME_TIMESTAMP"),
	[EXPORT_SOURCE_TIME] = SPAN_INIT("_SOURCE_REALTIME_TIMESTAMP"),
	[EXPORT_HOST] = SPAN_INIT("_HOSTNAME"),
	[EXPORT_IDENTIFIER] = SPAN_INIT("SYSLOG_IDENTIFIER"),
	[EXPORT_COMMAND] = SPAN_INIT("_COMM"),
	[EXPORT_SYSLOG_PID] = SPAN_INIT("SYSLOG_PID"),
	[EXPORT_PID] = SPAN_INIT("_PID"),
	[EXPORT_UID] = SPAN_INIT("_UID"),
	[EXPORT_MESSAGE] = SPAN_INIT("MESSAGE"),
};

enum export_state {
	EXPORT_AT_NAME,
	EXPORT_AT_TEXT,   /* after the equals sign, up to the newline */
	EXPORT_AT_LENGTH, /* 8 bytes, little endian */
	EXPORT_AT_BYTES,  /* as many, and a newline */
	EXPORT_AT_LOST    /* a name that is none: pass over its line */
};

struct export
{
	enum export_state state;
	char name[EXPORT_NAME];
	size_t name_len;
	uint64_t length; /* still to come */
	unsigned length_bytes;
	struct text *value; /* where the value goes; NULL: it is not wanted */
	struct text values[EXPORT_FIELDS];
};

bool export_is(struct span head)
{
	return span_starts(head, SPAN("__CURSOR=")) || span_starts(head, SPAN("__REALTIME_TIMESTAMP="));
}

struct export *export_new(void)
{
	struct export *export = memory_new(1, sizeof(*export));

	for (size_t i = 0; i < EXPORT_FIELDS; i++)
		export->values[i].ceiling = EXPORT_VALUE;
	return export;
}

void export_free(struct export **export)
{
	struct export *old = *export;

	if (old == NULL)
		return;
	for (size_t i = 0; i < EXPORT_FIELDS; i++)
		text_free(&old->values[i]);
	free(old);
	*export = NULL;
}

static struct span export_either(const struct export *export, enum export_field first,
				 enum export_field other)
{
	struct span value = text_span(&export->values[first]);

	return value.len > 0 ? value : text_span(&export->values[other]);
}

void export_last(struct export *export, struct text *into)
{
	struct journald_fields fields = {
		.time = USEC_NEVER,
		.host = text_span(&export->values[EXPORT_HOST]),
		.identifier = export_either(export, EXPORT_IDENTIFIER, EXPORT_COMMAND),
		.pid = export_either(export, EXPORT_SYSLOG_PID, EXPORT_PID),
		.message = text_span(&export->values[EXPORT_MESSAGE]),
	};
	uint64_t time, uid;
	char name[32];

	/* What a person says in Postfix's name is shown as that person's. */
	if (journald_line_forged(fields.identifier, text_span(&export->values[EXPORT_UID]), &uid)) {
		snprintf(name, sizeof(name), "uid-%llu", (unsigned long long)uid);
		fields.identifier = span_of(name);
	}
	if (span_to_u64(export_either(export, EXPORT_SOURCE_TIME, EXPORT_TIME), &time) && time < INT64_MAX)
		fields.time = (usec_t)time;
	if (journald_line(&fields, into))
		text_add(into, SPAN("\n"));
	for (size_t i = 0; i < EXPORT_FIELDS; i++)
		text_clear(&export->values[i]);
}

/* The name is read: is its value wanted? Of a field that is there twice the first counts. */
static void export_begin(struct export *export)
{
	export->value = NULL;
	for (size_t i = 0; i < EXPORT_FIELDS; i++)
		if (span_equal((struct span){ export->name, export->name_len }, export_names[i]) &&
		    export->values[i].len == 0)
			export->value = &export->values[i];
	export->name_len = 0;
}

static void export_keep(struct export *export, struct span bytes)
{
	if (export->value != NULL && export->value->len < EXPORT_VALUE)
		text_add(export->value, span_head(bytes, EXPORT_VALUE - 1 - export->value->len));
}

/* One byte of a name, or what ends it. */
static void export_name(struct export *export, char c, struct text *into)
{
	if (c == '=') {
		export_begin(export);
		export->state = EXPORT_AT_TEXT;
	} else if (c == '\n' && export->name_len == 0) {
		export_last(export, into);
	} else if (c == '\n') {
		export_begin(export);
		export->length = 0;
		export->length_bytes = 0;
		export->state = EXPORT_AT_LENGTH;
	} else if (export->name_len == sizeof(export->name)) {
		export->name_len = 0;
		export->state = EXPORT_AT_LOST;
	} else {
		export->name[export->name_len++] = c;
	}
}

/* The rest of a line, as far as it is there. */
static struct span export_line(struct export *export, struct span *data)
{
	const char *end = memchr(data->at, '\n', data->len);
	struct span line = end == NULL ? *data : (struct span){ data->at, (size_t)(end - data->at) };

	if (end != NULL)
		export->state = EXPORT_AT_NAME;
	*data = span_from(*data, line.len + (end != NULL));
	return line;
}

static void export_length(struct export *export, unsigned char c)
{
	export->length |= (uint64_t)c << (8 * export->length_bytes);
	if (++export->length_bytes == 8)
		export->state = EXPORT_AT_BYTES;
}

/* The value's bytes, then its newline. */
static void export_bytes(struct export *export, struct span *data)
{
	struct span bytes = span_head(*data, export->length < SIZE_MAX ? (size_t) export->length : SIZE_MAX);

	if (export->length == 0) {
		*data = span_from(*data, 1);
		export->state = EXPORT_AT_NAME;
		return;
	}
	export_keep(export, bytes);
	export->length -= bytes.len;
	*data = span_from(*data, bytes.len);
}

void export_feed(struct export *export, struct span data, struct text *into)
{
	while (data.len > 0)
		switch (export->state) {
		case EXPORT_AT_NAME:
			export_name(export, data.at[0], into);
			data = span_from(data, 1);
			break;
		case EXPORT_AT_TEXT:
			export_keep(export, export_line(export, &data));
			break;
		case EXPORT_AT_LOST:
			(void)export_line(export, &data);
			break;
		case EXPORT_AT_LENGTH:
			export_length(export, (unsigned char)data.at[0]);
			data = span_from(data, 1);
			break;
		case EXPORT_AT_BYTES:
			export_bytes(export, &data);
			break;
		}
}
