/*
 * Text on its way out: numbers, stamps, addresses and replies, written into a buffer without printf, which
 * would cost more than the programs that are to be measured. A stamp is made once a second.
 */
#define _GNU_SOURCE
#include "tests/bench/generator/generator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROOM      ((size_t)1 << 20)
#define LINE_ROOM 2048

static char buffer[ROOM];
static size_t used;

void put_flush(void)
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

void put(struct span text)
{
	memcpy(buffer + used, text.at, text.len);
	used += text.len;
}

void put_number(uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	put((struct span){ digits + at, sizeof(digits) - at });
}

void put_digits(uint64_t number, uint64_t base, size_t width)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	for (size_t i = width; i-- > 0; number /= base)
		buffer[used + i] = digits[number % base];
	used += width;
}

void put_stamp(void)
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

void put_account(uint64_t account)
{
	PUT("user");
	put_number(account);
	PUT("@shop");
	put_number(account / 20);
	PUT(".example");
}

static const char *const remote_names[] = { "bigmail.example", "livemail.example", "freemail.example" };

void put_domain(uint64_t recipient)
{
	if (recipient % 4 < 3) {
		put(span_of(remote_names[recipient % 4]));
		return;
	}
	PUT("firm");
	put_number(recipient / 4 % 5000);
	PUT(".test");
}

void put_recipient(uint64_t recipient)
{
	PUT("r");
	put_number(recipient >> 34);
	PUT("@");
	put_domain(recipient);
}

void put_client(const struct mail *mail)
{
	uint64_t address = is_abused(mail->account) ? mix(mail->id) : mix(mail->account * 3 + mail->id % 2);

	PUT("203.0.");
	put_number(address % 100 + 100);
	PUT(".");
	put_number(address / 100 % 250 + 1);
}

void put_sender(const struct mail *mail)
{
	if (mail->kind == KIND_INBOUND)
		put_recipient(recipient_of(mail, 99));
	else if (mail->kind != KIND_BOUNCE)
		put_account(mail->account);
}

void put_reply(enum fate fate, uint64_t recipient)
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
		uint64_t word = recipient % plan.shapes;

		/* A word of letters: what has digits in it could be taken for an id, which is no other text. */
		PUT(" (");
		for (unsigned i = 0; i < 4; i++, word /= 26)
			put((struct span){ &"abcdefghijklmnopqrstuvwxyz"[word % 26], 1 });
		PUT(")");
	}
}

void put_end(void)
{
	buffer[used++] = '\n';
	if (used > ROOM - LINE_ROOM)
		put_flush();
}
