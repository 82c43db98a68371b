/*
 * Writes a mail log of any length to standard output, as fast as a disk takes it:
 *
 *	generate postfix|exim LINES [accounts=N] [seed=N] [rate=N] [shapes=N] [start=UNIX] [stamps=classic|iso]
 *
 * Messages overlap as they do on a busy server: up to OPEN of them are under way, and each line is the next
 * step of one of them. Accounts write mostly to the same sixteen recipients; one in 200 is abused and writes
 * to a bought list. RATE is log lines a second of log time; SHAPES is how many different texts the refusals
 * have. The same arguments give the same bytes. Memory does not grow with LINES, nor with ACCOUNTS.
 */
#define _GNU_SOURCE
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OPEN       256
#define RETRIES    4096 /* greylisted messages that wait */
#define RETRY_WAIT (320 * USEC_SECOND)
#define ROOM       ((size_t)1 << 20)
#define LINE_ROOM  2048

struct plan {
	bool exim, iso;
	uint64_t lines, accounts, seed, rate, shapes, start;
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

static struct plan plan = { .accounts = 1000, .seed = 1, .rate = 20, .shapes = 8, .start = 1794873600 };
static struct mail open_mail[OPEN];
static struct mail waiting[RETRIES];
static uint64_t wait_first, wait_end;
static usec_t now;
static uint64_t random_state, next_id, written;
static char buffer[ROOM];
static size_t used;

static uint64_t mix(uint64_t x)
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

static void flush(void)
{
	for (size_t done = 0; done < used;) {
		ssize_t n = write(STDOUT_FILENO, buffer + done, used - done);

		if (n < 0 && errno == EPIPE)
			exit(0);
		if (n < 0) {
			perror("generate");
			exit(1);
		}
		done += (size_t)n;
	}
	used = 0;
}

static void put(struct span text)
{
	memcpy(buffer + used, text.at, text.len);
	used += text.len;
}

#define PUT(literal) put(SPAN(literal))

static void put_number(uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	put((struct span){ digits + at, sizeof(digits) - at });
}

static void put_digits(uint64_t number, uint64_t base, size_t width)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	for (size_t i = width; i-- > 0; number /= base)
		buffer[used + i] = digits[number % base];
	used += width;
}

static void put_stamp(void)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static char text[20];
	static usec_t second = -1;

	if (now / USEC_SECOND != second) {
		struct civil c = clock_to_civil(now);

		second = now / USEC_SECOND;
		if (plan.exim || plan.iso)
			snprintf(text, sizeof(text), "%04u-%02u-%02u%c%02u:%02u:%02u",
				 (unsigned)c.year % 10000, (unsigned)c.month % 100, (unsigned)c.day % 100,
				 plan.exim ? ' ' : 'T', (unsigned)c.hour % 100, (unsigned)c.minute % 100,
				 (unsigned)c.second % 100);
		else
			snprintf(text, sizeof(text), "%.3s %2u %02u:%02u:%02u", months + 3 * (c.month - 1),
				 (unsigned)c.day % 100, (unsigned)c.hour % 100, (unsigned)c.minute % 100,
				 (unsigned)c.second % 100);
	}
	put(span_of(text));
	if (plan.iso && !plan.exim) {
		PUT(".");
		put_digits((uint64_t)(now % USEC_SECOND), 10, 6);
		PUT("+00:00");
	}
	PUT(" ");
}

static void put_account(uint64_t account)
{
	PUT("user");
	put_number(account);
	PUT("@shop");
	put_number(account / 20);
	PUT(".example");
}

static bool is_abused(uint64_t account)
{
	return account % 200 == 199;
}

/* The first digits of a recipient's number say where the mailbox is. */
static uint64_t recipient_of(const struct mail *mail, uint64_t nth)
{
	uint64_t seed = mix(mail->account * 16 + 1);

	if (is_abused(mail->account) || mix(mail->id * 31 + nth) % 10 == 0)
		return mix(mail->id * 64 + nth + 7);
	return mix(seed + mix(mail->id + nth) % 16);
}

static const char *const remote_names[] = { "bigmail.example", "livemail.example", "freemail.example" };

static void put_domain(uint64_t recipient)
{
	if (recipient % 4 < 3) {
		put(span_of(remote_names[recipient % 4]));
		return;
	}
	PUT("firm");
	put_number(recipient / 4 % 5000);
	PUT(".test");
}

static void put_recipient(uint64_t recipient)
{
	PUT("r");
	put_number(recipient >> 34);
	PUT("@");
	put_domain(recipient);
}

static void put_remote_host(uint64_t recipient)
{
	PUT("mx1.");
	put_domain(recipient);
	PUT("[198.51.100.");
	put_number(recipient % 4 < 3 ? recipient % 4 : 10 + recipient / 4 % 200);
	PUT("]");
}

static void put_client(const struct mail *mail)
{
	uint64_t address = is_abused(mail->account) ? mix(mail->id) : mix(mail->account * 3 + mail->id % 2);

	PUT("203.0.");
	put_number(address % 100 + 100);
	PUT(".");
	put_number(address / 100 % 250 + 1);
}

static enum fate fate_of(const struct mail *mail, uint64_t nth)
{
	uint64_t dice = mix(mail->id * 1000 + nth) % 1000;
	bool abused = is_abused(mail->account) && mail->kind == KIND_LOGIN;

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

static void put_reply(enum fate fate, uint64_t recipient)
{
	switch (fate) {
	case FATE_SENT:
		PUT("250 2.0.0 Ok: queued as ");
		put_digits(mix(recipient), 16, 11);
		return;
	case FATE_GREY:
		PUT("451 4.7.1 <");
		put_recipient(recipient);
		PUT(">: Recipient address rejected: Greylisted, try again in 300 seconds");
		return;
	case FATE_UNKNOWN:
		PUT("550 5.1.1 <");
		put_recipient(recipient);
		PUT(">: Recipient address rejected: User unknown in virtual mailbox table");
		break;
	case FATE_SPAM:
		PUT("550 5.7.1 Message rejected as spam by content filtering");
		break;
	case FATE_FULL:
		PUT("452 4.2.2 The email account that you tried to reach is over quota");
		break;
	}
	if (plan.shapes > 1) {
		PUT(" (");
		put_digits(10 + recipient % plan.shapes, 62, 3);
		PUT(")");
	}
}

static void put_queue_id(const struct mail *mail)
{
	if (!plan.exim) {
		put_digits(mix(mail->id) >> 44 | 0x80000, 16, 5);
		put_digits(mail->id, 16, 6);
		return;
	}
	put_digits((uint64_t)(mail->since / USEC_SECOND), 62, 6);
	PUT("-");
	put_digits(mail->id, 62, 6);
	PUT("-");
	put_digits(mail->id % 1000, 62, 2);
}

static void postfix_head(const char *program, const struct mail *mail)
{
	put_stamp();
	PUT("mx1 postfix/");
	put(span_of(program));
	PUT("[");
	put_number(2000 + (mail->id + (uint64_t)program[0]) % 97);
	PUT("]: ");
}

static void postfix_line(const char *program, const struct mail *mail)
{
	postfix_head(program, mail);
	put_queue_id(mail);
	PUT(": ");
}

static void put_sender(const struct mail *mail)
{
	if (mail->kind == KIND_INBOUND)
		put_recipient(recipient_of(mail, 99));
	else if (mail->kind != KIND_BOUNCE)
		put_account(mail->account);
}

static void postfix_saved(const struct mail *mail)
{
	postfix_line("lmtp", mail);
	PUT("to=<");
	put_account(mail->account);
	PUT(">, relay=mx1.example.com[private/dovecot-lmtp], delay=0.2, delays=0.05/0.01/0.04/0.1, dsn=2.0.0, "
	    "status=sent (250 2.0.0 <");
	put_account(mail->account);
	PUT("> Saved)");
}

static void postfix_result(struct mail *mail, uint64_t nth)
{
	uint64_t recipient = recipient_of(mail, nth);
	enum fate fate = fate_of(mail, nth);

	postfix_line("smtp", mail);
	PUT("to=<");
	put_recipient(recipient);
	PUT(">, relay=");
	put_remote_host(recipient);
	PUT(":25, delay=1.2, delays=0.1/0.02/0.6/0.48, dsn=");
	if (fate == FATE_SENT) {
		PUT("2.0.0, status=sent (");
		put_reply(fate, recipient);
		PUT(")");
		return;
	}
	if (fate == FATE_GREY || fate == FATE_FULL)
		PUT("4.2.2, status=deferred (host ");
	else
		PUT("5.1.1, status=bounced (host ");
	mail->bounced += fate == FATE_UNKNOWN || fate == FATE_SPAM;
	put_remote_host(recipient);
	PUT(" said: ");
	put_reply(fate, recipient);
	PUT(" (in reply to RCPT TO command))");
}

static void postfix_client(const struct mail *mail, const char *words)
{
	postfix_head(mail->kind == KIND_INBOUND ? "smtpd" : "submission/smtpd", mail);
	put(span_of(words));
	PUT("unknown[");
	put_client(mail);
	PUT("]");
}

/* Each returns false with the message's last line. */
static bool postfix_guess(struct mail *mail)
{
	switch (mail->step++) {
	case 0:
		postfix_client(mail, "connect from ");
		return true;
	case 1:
		postfix_client(mail, "warning: ");
		PUT(": SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=");
		put_account(mail->account);
		return true;
	default:
		postfix_client(mail, "disconnect from ");
		PUT(" ehlo=1 auth=0/1 quit=1 commands=2/3");
		return false;
	}
}

static bool postfix_begin(struct mail *mail)
{
	switch (mail->step++) {
	case 0:
		postfix_client(mail, "connect from ");
		return true;
	case 1:
		if (mail->kind == KIND_LOCAL) {
			postfix_line("pickup", mail);
			PUT("uid=");
			put_number(1000 + mail->account);
			PUT(" from=<user>");
			return true;
		}
		postfix_line(mail->kind == KIND_INBOUND ? "smtpd" : "submission/smtpd", mail);
		PUT("client=unknown[");
		put_client(mail);
		PUT("]");
		if (mail->kind == KIND_LOGIN) {
			PUT(", sasl_method=PLAIN, sasl_username=");
			put_account(mail->account);
		}
		return true;
	case 2:
		postfix_line("cleanup", mail);
		PUT("message-id=<");
		put_digits(mix(mail->id), 62, 10);
		PUT("@mail.example>");
		return true;
	case 3:
		postfix_line("qmgr", mail);
		PUT("from=<");
		put_sender(mail);
		PUT(">, size=");
		put_number(mail->size);
		PUT(", nrcpt=");
		put_number(mail->recipients);
		PUT(" (queue active)");
		mail->step += mail->kind == KIND_LOCAL || mail->kind == KIND_BOUNCE || mail->retried;
		return true;
	default:
		postfix_client(mail, "disconnect from ");
		PUT(" ehlo=1 auth=1 mail=1 rcpt=1 data=1 quit=1 commands=6");
		return true;
	}
}

static bool postfix_step(struct mail *mail)
{
	if (mail->kind == KIND_GUESS)
		return postfix_guess(mail);
	if (mail->step < 5)
		return postfix_begin(mail);
	if (mail->done < mail->recipients) {
		uint64_t nth = mail->done++;

		if (mail->kind == KIND_INBOUND || mail->kind == KIND_BOUNCE)
			postfix_saved(mail);
		else
			postfix_result(mail, nth);
		return true;
	}
	if (mail->bounced > 0) {
		mail->bounced = 0;
		postfix_line("bounce", mail);
		PUT("sender non-delivery notification: ");
		mail->kind = KIND_BOUNCE;
		mail->id = next_id++;
		put_queue_id(mail);
		mail->step = 2;
		mail->done = 0;
		mail->recipients = 1;
		return true;
	}
	postfix_line("qmgr", mail);
	PUT("removed");
	return false;
}

static void exim_arrival(struct mail *mail)
{
	put_stamp();
	put_queue_id(mail);
	PUT(" <= ");
	put_sender(mail);
	if (mail->kind == KIND_BOUNCE) {
		PUT("<> R=1xTHuI-0000y2-6P U=Debian-exim P=local");
	} else if (mail->kind == KIND_LOCAL) {
		PUT(" U=user");
		put_number(mail->account);
		PUT(" P=local");
	} else {
		PUT(" H=(pc) [");
		put_client(mail);
		PUT("] P=esmtpsa X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=no");
	}
	if (mail->kind == KIND_LOGIN) {
		PUT(" A=plain_server:");
		put_account(mail->account);
	}
	PUT(" S=");
	put_number(mail->size);
	PUT(" id=");
	put_digits(mix(mail->id), 62, 10);
	PUT("@mail.example");
}

static void exim_result(struct mail *mail, uint64_t nth)
{
	uint64_t recipient = recipient_of(mail, nth);
	enum fate fate = fate_of(mail, nth);
	bool failed = fate == FATE_UNKNOWN || fate == FATE_SPAM;

	put_stamp();
	put_queue_id(mail);
	put(fate == FATE_SENT ? SPAN(" => ") : failed ? SPAN(" ** ") : SPAN(" == "));
	mail->bounced += failed;
	put_recipient(recipient);
	PUT(" R=dnslookup T=remote_smtp");
	if (fate == FATE_FULL || fate == FATE_GREY)
		PUT(" defer (-44)");
	PUT(" H=mx1.");
	put_domain(recipient);
	PUT(" [198.51.100.7]");
	if (fate == FATE_SENT)
		PUT(" X=TLS1.3:ECDHE_SECP256R1__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=yes C=\"");
	else
		PUT(": SMTP error from remote mail server after RCPT TO: ");
	put_reply(fate, recipient);
	if (fate == FATE_SENT)
		PUT("\"");
}

static bool exim_step(struct mail *mail)
{
	if (mail->kind == KIND_GUESS) {
		put_stamp();
		PUT("login_server authenticator failed for (User) [");
		put_client(mail);
		PUT("]: 535 Incorrect authentication data (set_id=");
		put_account(mail->account);
		PUT(")");
		return false;
	}
	if (mail->step < 5) {
		mail->step = 5;
		if (!mail->retried) {
			exim_arrival(mail);
			return true;
		}
	}
	if (mail->done < mail->recipients) {
		uint64_t nth = mail->done++;

		if (mail->kind != KIND_INBOUND && mail->kind != KIND_BOUNCE) {
			exim_result(mail, nth);
			return true;
		}
		put_stamp();
		put_queue_id(mail);
		PUT(" => user <");
		put_account(mail->account);
		PUT("> R=local_user T=maildir_home");
		return true;
	}
	put_stamp();
	put_queue_id(mail);
	PUT(" Completed");
	return false;
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

	PUT("\n");
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
		{ "shapes=", &plan.shapes },     { "start=", &plan.start },
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
			"[start=UNIX] [stamps=classic|iso]\n");
		return 2;
	}
	random_state = plan.seed * 77;
	next_id = 1;
	now = (usec_t)plan.start * USEC_SECOND;
	for (size_t i = 0; i < OPEN; i++)
		begin(&open_mail[i]);
	while (written < plan.lines) {
		if (used > ROOM - LINE_ROOM)
			flush();
		now += USEC_SECOND / (usec_t)plan.rate;
		/* A message goes on soon after its last line: a small, moving part of the table is busy. */
		advance(&open_mail[(written / 512 + draw() % 32) % OPEN]);
	}
	flush();
	return 0;
}
