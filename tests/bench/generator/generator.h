/*
 * The generator's parts: what was asked for, the messages that are under way, text on its way out, and the
 * two servers that log a message's steps. One thread, one log, so all of it is kept in plain variables.
 */
#ifndef SENDWATCH_TESTS_BENCH_GENERATOR_GENERATOR_H
#define SENDWATCH_TESTS_BENCH_GENERATOR_GENERATOR_H

#include "base/clock.h"

struct plan {
	bool exim, iso;
	uint64_t lines, accounts, seed, rate, shapes, refused, start;
};

enum fate { FATE_SENT, FATE_GREY, FATE_UNKNOWN, FATE_SPAM, FATE_FULL };
enum kind { KIND_LOGIN, KIND_INBOUND, KIND_LOCAL, KIND_BOUNCE, KIND_GUESS };

struct mail {
	enum kind kind;
	bool retried;
	int step;
	uint32_t recipients, done, bounced;
	uint64_t account, id, size;
	usec_t since, due;
};

extern struct plan plan;
extern usec_t now;
extern uint64_t next_id;

uint64_t mix(uint64_t x);
bool is_abused(uint64_t account);

/* Of a recipient of MAIL: a number that says who it is, and how the message ends there. */
uint64_t recipient_of(const struct mail *mail, uint64_t nth);
enum fate fate_of(const struct mail *mail, uint64_t nth);

/* Text on its way out: a line is at most 2048 bytes. */
void put(struct span text);
#define PUT(literal) put(SPAN(literal))
void put_number(uint64_t number);
void put_digits(uint64_t number, uint64_t base, size_t width);
void put_stamp(void);
void put_end(void); /* of a line */
void put_flush(void);

void put_account(uint64_t account);
void put_client(const struct mail *mail);
void put_domain(uint64_t recipient);
void put_recipient(uint64_t recipient);
void put_sender(const struct mail *mail);
void put_reply(enum fate fate, uint64_t recipient);

/* Log the next step of MAIL. False where it was the last. */
bool postfix_step(struct mail *mail);
bool exim_step(struct mail *mail);

#endif
