/*
 * Writes a mail log of any length to standard output, as fast as a disk takes it:
 *
 *	generate postfix|exim LINES [accounts=N] [seed=N] [rate=N] [shapes=N] [refused=N] [start=UNIX] [stamps=classic|iso]
 *
 * Messages overlap as they do on a busy server: up to OPEN of them are under way, and each line is the next
 * step of one of them. Accounts write mostly to the same sixteen recipients; one in 200 is abused and writes
 * to a bought list. RATE is log lines a second of log time; SHAPES is how many different texts the refusals
 * have; REFUSED, how many in a thousand recipients are refused whoever writes to them. The same arguments give the same bytes. Memory does not grow with LINES, nor with ACCOUNTS.
 */
#define _GNU_SOURCE
#include "tests/bench/generator/generator.h"

#include <stdio.h>

#define OPEN       256
#define RETRIES    4096 /* greylisted messages that wait */
#define RETRY_WAIT (320 * USEC_SECOND)

struct plan plan = { .accounts = 1000, .seed = 1, .rate = 20, .shapes = 8, .start = 1794873600 };
usec_t now;
uint64_t next_id;

static struct mail open_mail[OPEN];
static struct mail waiting[RETRIES];
static uint64_t wait_first, wait_end;
static uint64_t random_state, written;

uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static uint64_t draw(void)
{
	random_state += UINT64_C(0x9e3779b97f4a7c15);
	return mix(random_state);
}

static bool chance(unsigned in_thousand)
{
	return draw() % 1000 < in_thousand;
}

bool is_abused(uint64_t account)
{
	return account % 200 == 199;
}

/* The first digits of a recipient's number say where the mailbox is. */
uint64_t recipient_of(const struct mail *mail, uint64_t nth)
{
	uint64_t seed = mix(mail->account * 16 + 1);

	if (is_abused(mail->account) || mix(mail->id * 31 + nth) % 10 == 0)
		return mix(mail->id * 64 + nth + 7);
	return mix(seed + (mix(mail->id) + nth) % 16);
}

enum fate fate_of(const struct mail *mail, uint64_t nth)
{
	uint64_t dice = mix(mail->id * 1000 + nth) % 1000;
	bool abused = is_abused(mail->account) && mail->kind == KIND_LOGIN;

	if (mix(mail->id * 7 + nth + 3) % 1000 < plan.refused)
		return FATE_SPAM;
	if (dice < (abused ? 300 : 6))
		return FATE_UNKNOWN;
	if (dice < (abused ? 450 : 8))
		return FATE_SPAM;
	if (dice < (abused ? 470 : 12))
		return FATE_FULL;
	if (dice < (abused ? 490 : 42) && mail->recipients == 1 && !mail->retried)
		return FATE_GREY;
	return FATE_SENT;
}

static void begin(struct mail *mail)
{
	uint64_t dice = draw() % 100;
	uint64_t skew = draw() % plan.accounts;

	if (wait_first < wait_end && waiting[wait_first % RETRIES].due < now) {
		*mail = waiting[wait_first++ % RETRIES];
		return;
	}
	*mail = (struct mail){ .id = next_id++, .recipients = 1, .since = now, .size = 800 + draw() % 40000 };
	mail->kind = dice < 62 ? KIND_LOGIN : dice < 85 ? KIND_INBOUND : dice < 88 ? KIND_LOCAL : KIND_GUESS;
	/* A few accounts write most of the mail. */
	mail->account = chance(500) ? skew : skew * (draw() % 1024) / 1024;
	mail->step = mail->kind == KIND_LOCAL;
	if (mail->kind == KIND_LOGIN && chance(120))
		mail->recipients = 2 + (uint32_t)(draw() % 6);
}

static void advance(struct mail *mail)
{
	bool grey = (mail->kind == KIND_LOGIN || mail->kind == KIND_LOCAL) && mail->step >= 5 &&
		    mail->done < mail->recipients && fate_of(mail, mail->done) == FATE_GREY;
	bool more = plan.exim ? exim_step(mail) : postfix_step(mail);

	put_end();
	written++;
	if (grey && wait_end - wait_first < RETRIES) {
		mail->retried = true;
		mail->done = 0;
		mail->step = plan.exim ? 5 : 3;
		mail->due = now + RETRY_WAIT;
		waiting[wait_end++ % RETRIES] = *mail;
		more = false;
	}
	if (!more)
		begin(mail);
}

static bool argument(const char *text)
{
	static const struct {
		const char *name;
		uint64_t *place;
	} rows[] = {
		{ "accounts=", &plan.accounts }, { "seed=", &plan.seed },   { "rate=", &plan.rate },
		{ "shapes=", &plan.shapes },     { "start=", &plan.start }, { "refused=", &plan.refused },
	};
	struct span rest = span_of(text);

	if (span_equal(rest, SPAN("stamps=iso")))
		return plan.iso = true;
	if (span_equal(rest, SPAN("stamps=classic")))
		return true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (span_skip(&rest, span_of(rows[i].name)))
			return span_to_u64(rest, rows[i].place) && *rows[i].place > 0;
	return false;
}

int main(int argc, char **argv)
{
	bool good = argc >= 3 && span_to_u64(span_of(argv[2]), &plan.lines);

	plan.exim = argc >= 2 && span_equal(span_of(argv[1]), SPAN("exim"));
	good = good && (plan.exim || span_equal(span_of(argv[1]), SPAN("postfix")));
	for (int i = 3; good && i < argc; i++)
		good = argument(argv[i]);
	if (!good) {
		fprintf(stderr,
			"usage: generate postfix|exim LINES [accounts=N] [seed=N] [rate=N] [shapes=N] "
			"[refused=N] [start=UNIX] [stamps=classic|iso]\n");
		return 2;
	}
	random_state = plan.seed * 77;
	next_id = 1;
	now = (usec_t)plan.start * USEC_SECOND;
	for (size_t i = 0; i < OPEN; i++)
		begin(&open_mail[i]);
	while (written < plan.lines) {
		now += USEC_SECOND / (usec_t)plan.rate;
		/* A message goes on soon after its last line: a small, moving part of the table is busy. */
		advance(&open_mail[(written / 512 + draw() % 32) % OPEN]);
	}
	put_flush();
	return 0;
}
