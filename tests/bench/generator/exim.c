/* A message as Exim logs it: its arrival, a line a recipient, Completed. */
#define _GNU_SOURCE
#include "tests/bench/generator/generator.h"

static void put_queue_id(const struct mail *mail)
{
	put_digits((uint64_t)(mail->since / USEC_SECOND), 62, 6);
	PUT("-");
	put_digits(mail->id, 62, 6);
	PUT("-");
	put_digits(mail->id % 1000, 62, 2);
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

bool exim_step(struct mail *mail)
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
