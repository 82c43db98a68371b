/* A message as Postfix logs it: connect, client, message-id, queue active, disconnect, results, removed. */
#define _GNU_SOURCE
#include "tests/bench/generator/generator.h"

static void put_queue_id(const struct mail *mail)
{
	put_digits(mix(mail->id) >> 44 | 0x80000, 16, 5);
	put_digits(mail->id, 16, 6);
}

static void put_remote_host(uint64_t recipient)
{
	PUT("mx1.");
	put_domain(recipient);
	PUT("[198.51.100.");
	put_number(recipient % 4 < 3 ? recipient % 4 : 10 + recipient / 4 % 200);
	PUT("]");
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

bool postfix_step(struct mail *mail)
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
