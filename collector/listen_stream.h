/*
 * One stream of syslog messages, cut into lines: by newlines or NULs, or by counts of octets before them ("57 <22>1
 * 2026-..."), as its first byte tells for each message (RFC 6587).
 */
#ifndef SENDWATCH_COLLECTOR_LISTEN_STREAM_H
#define SENDWATCH_COLLECTOR_LISTEN_STREAM_H

#include "base/error.h"
#include "base/span.h"

struct listen_stream {
	int fd;
	bool counted;  /* octet counts are understood */
	bool ended;    /* nothing more comes from FD */
	bool skipping; /* inside a line that is too long */
	char *bytes;
	size_t at, len; /* what is not cut yet */
	uint64_t skipped;
};

/* The stream owns FD. COUNTED: it may have octet counts. */
struct listen_stream *listen_stream_new(int fd, bool counted);
void listen_stream_free(struct listen_stream **stream);

/*
 * The next line, borrowed until the next call. False where none is whole yet. When FD is at its end, what
 * no newline ends is a line too.
 */
bool listen_stream_line(struct listen_stream *stream, struct span *line_r);

/* Read what there is. False where there was nothing; ENDED tells whether there will be. */
bool listen_stream_fill(struct listen_stream *stream);

#endif
