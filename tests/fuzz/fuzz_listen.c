/*
 * A sender that sends anything: whatever pieces it comes in, the same lines, none longer than a line may be, none with
 * an end of line in it. The first byte says how large the pieces are.
 */
#define _GNU_SOURCE
#include "collector/listen_stream.h"

#include "base/text.h"
#include "collector/collector.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_lines(struct listen_stream *stream, struct text *lines)
{
	struct span line;

	while (listen_stream_line(stream, &line)) {
		if (line.len == 0 || line.len > COLLECTOR_LINE_MAX || memchr(line.at, '\n', line.len) != NULL)
			abort();
		text_add(lines, line);
		text_add(lines, SPAN("\n"));
	}
}

static void fuzz_send(const uint8_t *data, size_t size, size_t piece, struct text *lines)
{
	struct listen_stream *stream;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)
		abort();
	stream = listen_stream_new(pair[0], true);
	while (size > 0) {
		ssize_t sent = write(pair[1], data, size < piece ? size : piece);

		if (sent <= 0)
			abort();
		data += sent;
		size -= (size_t)sent;
		(void)listen_stream_fill(stream);
		fuzz_lines(stream, lines);
	}
	close(pair[1]);
	while (listen_stream_fill(stream))
		fuzz_lines(stream, lines);
	fuzz_lines(stream, lines);
	listen_stream_free(&stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text whole = { 0 }, pieces = { 0 };

	if (size < 2)
		return 0;
	fuzz_send(data + 1, size - 1, 4096, &whole);
	fuzz_send(data + 1, size - 1, 1 + data[0], &pieces);
	if (!span_equal(text_span(&whole), text_span(&pieces)))
		abort();
	text_free(&whole);
	text_free(&pieces);
	return 0;
}
