/*
 * Transfers: HTTP requests and mails by SMTP that are on their way, any number at once, none of which ever
 * blocks. A pool has one descriptor to wait on. transfer.c is the only file that knows libcurl, and loads it when
 * it is first asked for anything.
 *
 * The words of an error never hold a URL, a header or a password: what is secret stays so in logs.
 */
#ifndef SENDWATCH_RESPONDERS_TRANSFER_H
#define SENDWATCH_RESPONDERS_TRANSFER_H

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* What every transfer of a pool shares; borrowed while it lives. NULL where there is nothing to say. */
struct transfer_options {
	const char *url;
	const char *ca, *certificate, *key;
	const char *user, *password; /* SMTP */
	bool tls;                    /* SMTP: STARTTLS, or nothing is sent */
	usec_t timeout;
};

struct transfer_result {
	uint64_t number;
	long code;         /* of HTTP or SMTP, 0 where there was none */
	bool whole;        /* it came to its end */
	usec_t pause;      /* Retry-After, 0 where there was none */
	const char *error; /* for people, where it is not whole */
	struct span body;  /* the first bytes of what came back; hostile */
};

typedef void transfer_done(void *context, const struct transfer_result *result);

struct transfer_pool;

/* NULL and ERROR where curl or the system refuses. */
struct transfer_pool *transfer_open(const struct transfer_options *options, transfer_done *done,
				    void *context, struct error *error);
void transfer_close(struct transfer_pool **pool);

/* A header of every request: "Name: value" in one line. False where it is none. */
bool transfer_add_header(struct transfer_pool *pool, struct span header);

/* POST BODY to the pool's URL with TAIL (may be NULL) at its end. HEADERS end with NULL; all is copied. */
void transfer_post(struct transfer_pool *pool, uint64_t number, const char *tail, const char *const *headers,
		   struct span body);

/* A whole message with CRLF at the ends of lines, from FROM (NULL: nobody, "<>") to each of TO. */
void transfer_mail(struct transfer_pool *pool, uint64_t number, const char *from, const char *const *to,
		   size_t to_count, struct span message);

/* Wait for it to be readable, then run; DONE is called from within run. */
int transfer_fd(const struct transfer_pool *pool);
void transfer_run(struct transfer_pool *pool);

/* One line, of the form SCHEME://host..., with one of the two schemes; else an error that does not repeat it. */
bool transfer_url_good(const char *url, const char *scheme, const char *other, struct error *error);

#endif
