/* Cutting messages out of a stream, in one buffer that holds the longest. */
#include "collector/listen_stream.h"

#include "base/memory.h"
#include "collector/collector.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define LISTEN_ROOM  (COLLECTOR_LINE_MAX + 4096)
#define LISTEN_COUNT 6 /* digits of an octet count */

struct listen_stream *listen_stream_new(int fd, bool counted)
{
	struct listen_stream *stream = memory_new(1, sizeof(*stream));

	stream->fd = fd;
	stream->counted = counted;
	stream->bytes = memory_new(LISTEN_ROOM, 1);
	return stream;
}

void listen_stream_free(struct listen_stream **stream)
{
	if (*stream == NULL)
		return;
	close((*stream)->fd);
	free((*stream)->bytes);
	free(*stream);
	*stream = NULL;
}

bool listen_stream_fill(struct listen_stream *stream)
{
	ssize_t got;

	if (stream->ended)
		return false;
	memmove(stream->bytes, stream->bytes + stream->at, stream->len);
	stream->at = 0;
	if (stream->len == LISTEN_ROOM) { /* no line is so long: what there is of it is dropped */
		stream->len = 0;
		stream->skipped += !stream->skipping;
		stream->skipping = true;
	}
	do
		got = read(stream->fd, stream->bytes + stream->len, LISTEN_ROOM - stream->len);
	while (got < 0 && errno == EINTR);
	stream->ended = got == 0 || (got < 0 && errno != EAGAIN);
	if (got > 0)
		stream->len += (size_t)got;
	return got > 0;
}

static void listen_stream_drop(struct listen_stream *stream, size_t len)
{
	stream->at += len;
	stream->len -= len;
}

/*
 * "57 <22>...": how long the message is, and how long the count before it. False where that is no count; then
 * a newline ends the message. *wait_r: more bytes will tell.
 */
static bool listen_stream_count(const struct listen_stream *stream, size_t *head_r, size_t *len_r,
				bool *wait_r)
{
	struct span text = { stream->bytes + stream->at, stream->len }, digits, head;
	uint64_t count;

	*wait_r = false;
	if (!stream->counted || stream->skipping || text.len == 0 || text.at[0] < '1' || text.at[0] > '9')
		return false;
	head = span_head(text, LISTEN_COUNT + 1);
	if (!span_cut(&head, ' ', &digits)) {
		*wait_r = text.len <= LISTEN_COUNT && !stream->ended &&
			  memchr(text.at, '\n', text.len) == NULL;
		return false;
	}
	if (!span_to_u64(digits, &count) || count > COLLECTOR_LINE_MAX)
		return false;
	*head_r = digits.len + 1;
	*len_r = (size_t)count;
	*wait_r = text.len < *head_r + *len_r && !stream->ended;
	if (text.len < *head_r + *len_r)
		*len_r = text.len - *head_r;
	return true;
}

static size_t listen_stream_end(struct span text)
{
	size_t len = 0;

	while (len < text.len && text.at[len] != '\n' && text.at[len] != '\0')
		len++;
	return len;
}

static struct span listen_stream_trim(struct span line)
{
	while (line.len > 0 && (line.at[line.len - 1] == '\n' || line.at[line.len - 1] == '\r' ||
				line.at[line.len - 1] == '\0'))
		line.len--;
	return line;
}

/* A counted message is one line, whatever is in it. */
static void listen_stream_flatten(char *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (at[i] == '\n' || at[i] == '\0')
			at[i] = ' ';
}

static bool listen_stream_counted(struct listen_stream *stream, size_t head, size_t len, struct span *line_r)
{
	struct span line = listen_stream_trim((struct span){ stream->bytes + stream->at + head, len });

	listen_stream_flatten(stream->bytes + stream->at + head, line.len);
	listen_stream_drop(stream, head + len);
	*line_r = line;
	return line.len > 0;
}

/* A line by its end. False where it is empty, or the end of one that was too long. */
static bool listen_stream_ended(struct listen_stream *stream, size_t len, struct span *line_r)
{
	bool skipping = stream->skipping;

	*line_r = listen_stream_trim((struct span){ stream->bytes + stream->at, len });
	listen_stream_drop(stream, len < stream->len ? len + 1 : len);
	stream->skipping = false;
	if (line_r->len > COLLECTOR_LINE_MAX && !skipping) {
		stream->skipped++;
		return false;
	}
	return line_r->len > 0 && !skipping;
}

bool listen_stream_line(struct listen_stream *stream, struct span *line_r)
{
	while (stream->len > 0) {
		struct span text = { stream->bytes + stream->at, stream->len };
		size_t head, len;
		bool wait;

		if (listen_stream_count(stream, &head, &len, &wait)) {
			if (wait)
				return false;
			if (listen_stream_counted(stream, head, len, line_r))
				return true;
			continue;
		}
		len = wait ? text.len : listen_stream_end(text);
		if (len == text.len && (wait || !stream->ended))
			return false;
		if (listen_stream_ended(stream, len, line_r))
			return true;
	}
	return false;
}
