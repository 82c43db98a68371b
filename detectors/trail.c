/*
 * Fixed room for a handful of samples and clients; what is longer is cut. 2 KiB an account, and only for
 * accounts that are unusual just now.
 */
#include "detectors/trail.h"

#include "base/pack.h"
#include "base/memory.h"

#include <stdlib.h>

struct sample {
	char queue_id[32], recipient[96], reply[192];
	uint8_t queue_id_len, recipient_len, reply_len;
	enum reply_class class;
	bool bad;
};

struct trail {
	usec_t time;
	struct sample samples[VERDICT_SAMPLES]; /* the newest first */
	uint8_t sample_count, client_count;
	char clients[VERDICT_CLIENTS][48];
};

struct trail *trail_new(void)
{
	return memory_new(1, sizeof(struct trail));
}

void trail_free(struct trail **trail)
{
	free(*trail);
	*trail = NULL;
}

static uint8_t keep(char *into, size_t room, struct span text)
{
	size_t len = text.len < room ? text.len : room;

	if (len > 0)
		memcpy(into, text.at, len);
	return (uint8_t)len;
}

void trail_add(struct trail *trail, const struct attempt *attempt, bool bad)
{
	struct sample *samples = trail->samples;
	int last = trail->sample_count < VERDICT_SAMPLES ? trail->sample_count : VERDICT_SAMPLES - 1;

	trail->time = attempt->time;
	trail_client(trail, attempt->envelope->client_ip);
	/* Full: the oldest that is not bad goes; the good do not push out the bad. */
	if (trail->sample_count == VERDICT_SAMPLES) {
		while (last > 0 && samples[last].bad)
			last--;
		if (samples[last].bad) {
			if (!bad)
				return;
			last = VERDICT_SAMPLES - 1;
		}
	} else {
		trail->sample_count++;
	}
	memmove(samples + 1, samples, (size_t)last * sizeof(*samples));
	samples[0].queue_id_len = keep(samples[0].queue_id, sizeof(samples[0].queue_id),
				       attempt->envelope->queue_id);
	samples[0].recipient_len = keep(samples[0].recipient, sizeof(samples[0].recipient),
					attempt->recipient);
	samples[0].reply_len = keep(samples[0].reply, sizeof(samples[0].reply), attempt->reply);
	samples[0].class = attempt->meaning.class;
	samples[0].bad = bad;
}

void trail_client(struct trail *trail, struct span client)
{
	if (client.len == 0 || client.len >= sizeof(trail->clients[0]))
		return;
	for (int i = 0; i < trail->client_count; i++)
		if (span_equal(span_of(trail->clients[i]), client))
			return;
	if (trail->client_count == VERDICT_CLIENTS) {
		memmove(trail->clients, trail->clients + 1,
			sizeof(trail->clients) - sizeof(trail->clients[0]));
		trail->client_count--;
	}
	memcpy(trail->clients[trail->client_count], client.at, client.len);
	trail->clients[trail->client_count++][client.len] = '\0';
}

usec_t trail_time(const struct trail *trail)
{
	return trail->time;
}

void trail_show(const struct trail *trail, struct verdict *verdict,
		struct verdict_sample into[VERDICT_SAMPLES])
{
	for (int i = 0; i < trail->sample_count; i++) {
		const struct sample *sample = &trail->samples[i];

		into[i] = (struct verdict_sample){
			.queue_id = { sample->queue_id, sample->queue_id_len },
			.recipient = { sample->recipient, sample->recipient_len },
			.reply = { sample->reply, sample->reply_len },
			.class = sample->class,
		};
	}
	verdict->samples = into;
	verdict->sample_count = trail->sample_count;
	for (int i = 0; i < trail->client_count; i++)
		verdict->clients[i] = span_of(trail->clients[i]);
	verdict->client_count = trail->client_count;
}

void trail_pack(const struct trail *trail, struct text *into)
{
	pack_span(into, (struct span){ (const char *)trail, sizeof(*trail) });
}

static bool trail_sound(const struct trail *trail)
{
	bool sound = trail->sample_count <= VERDICT_SAMPLES && trail->client_count <= VERDICT_CLIENTS;

	for (int i = 0; i < VERDICT_SAMPLES; i++) {
		const struct sample *sample = &trail->samples[i];
		unsigned char bad;

		memcpy(&bad, &sample->bad, 1);
		sound = sound && sample->queue_id_len <= sizeof(sample->queue_id) &&
			sample->recipient_len <= sizeof(sample->recipient) &&
			sample->reply_len <= sizeof(sample->reply) &&
			(unsigned)sample->class < REPLY_CLASSES && bad <= 1;
	}
	for (int i = 0; i < VERDICT_CLIENTS; i++)
		sound = sound && memchr(trail->clients[i], '\0', sizeof(trail->clients[i])) != NULL;
	return sound;
}

struct trail *trail_unpack(struct span bytes)
{
	struct trail *trail;

	if (bytes.len != sizeof(*trail))
		return NULL;
	trail = trail_new();
	memcpy(trail, bytes.at, sizeof(*trail));
	if (!trail_sound(trail))
		trail_free(&trail);
	return trail;
}
