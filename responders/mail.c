/*
 * A mail is written when it is sent, from the verdict in the outbox. Its message-id comes from the verdict's id,
 * so that one that arrives twice can be known.
 *
 * The owner's mail goes to the account's own address, where the account is a mailbox. It is not sent for the
 * state `disabled` unless the admin says so: who reads that mailbox then may be the one it is disabled for.
 */
#define _GNU_SOURCE
#include "responders/mail.h"

#include "base/memory.h"
#include "base/rights.h"
#include "base/save.h"
#include "responders/letter.h"
#include "responders/secret.h"
#include "responders/spawn.h"
#include "responders/template.h"
#include "responders/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MAIL_TEMPLATE_MAX ((size_t)64 * 1024)
#define MAIL_TO_MOST      50

const struct setting mail_settings[] = {
	SETTING(LIST, struct mail_options, to, "", 0, 0, "who is told: admin@example.com, noc@example.com"),
	SETTING(FLAG, struct mail_options, owner, "no", 0, 0,
		"tell the account itself instead, where it is a mailbox"),
	SETTING(FLAG, struct mail_options, owner_disabled, "no", 0, 0,
		"tell the account even that it is disabled, whoever may read its mail then"),
	TELLING_ROWS,
	SETTING(TEXT, struct mail_options, from, "", 0, 0, "address in From:; empty: sendwatch@ this host"),
	SETTING(TEXT, struct mail_options, sender, "", 0, 0, "envelope sender; empty: none (<>)"),
	SETTING(TEXT, struct mail_options, subject, "sendwatch: {title}", 0, 0,
		"subject, with {account}, {state}, {title} ... in it"),
	SETTING(TEXT, struct mail_options, template_file, "", 0, 0,
		"file of the mail's text, with {account}, {state}, {text} ... in it; empty: a built-in one"),
	SETTING(TEXT, struct mail_options, sendmail, "/usr/sbin/sendmail", 0, 0,
		"the command that takes mail, where smtp is empty; under sendwatch.service it may take no rights: use smtp there"),
	SETTING(TEXT, struct mail_options, smtp, "", 0, 0,
		"server that takes mail: smtp://mx.example.com:25, smtps://..."),
	SETTING(FLAG, struct mail_options, starttls, "no", 0, 0, "demand STARTTLS of smtp://, and verify it"),
	SETTING(TEXT, struct mail_options, user, "", 0, 0, "login at the server"),
	SETTING(TEXT, struct mail_options, password_file, "", 0, 0,
		"file with its password; credential:NAME is one of systemd's"),
	SETTING(TEXT, struct mail_options, ca, "", 0, 0,
		"certificate authorities that the server's certificate must come from; empty: the system's"),
	SETTING(DURATION, struct mail_options, timeout, "30s", 100000, USEC_HOUR,
		"how long one try may take"),
	{ .name = NULL },
};

static const char mail_to_admin[] = "{text}\nreplies:\n{samples}\n\nscore {score}, id {id}, {time}\n";
/* What was done, and what a server says of itself, has neither. */
static const char mail_without_score[] = "{text}\n\nid {id}, {time}\n";

static const char mail_to_owner[] =
	"Mail has been sent in the name of {account} in a way that is not like it:\n\n{evidence}\n\n"
	"The last addresses it came from: {clients}\n\n"
	"If this was not you, change your password now, and tell whoever looks after your computer.\n"
	"If it was you, tell your postmaster what you are sending, so that it is not stopped.\n";

struct target {
	const struct mail_options *options;
	struct responder_calls calls;
	struct transfer_pool *transfers;
	struct transfer_options transfer;
	struct spawn_pool *programs;
	struct template text, subject;
	char *own, *password, *from;
	char host[65], where[80];
};

static void mail_answer(struct target *target, struct answer *answer, struct span back)
{
	struct text words = { .ceiling = sizeof(answer->back) - 1 };
	struct span line;

	text_add_printable(&words, span_cut(&back, '\n', &line) ? line : back);
	snprintf(answer->back, sizeof(answer->back), "%s", words.at == NULL ? "" : words.at);
	text_free(&words);
	target->calls.done(target->calls.context, answer);
}

/* A 5xx is final. Where the talk broke off, curl keeps the last code, which may well be a good one. */
static void mail_transferred(void *context, const struct transfer_result *result)
{
	struct target *target = context;
	struct answer answer = { .number = result->number };

	answer.fate = result->whole                               ? FATE_DELIVERED
		      : result->code >= 500 && result->code < 600 ? FATE_REFUSED
								  : FATE_LATER;
	if (result->code > 0)
		snprintf(answer.words, sizeof(answer.words), "the server answered %ld", result->code);
	else
		snprintf(answer.words, sizeof(answer.words), "%s", result->error);
	mail_answer(target, &answer, result->body);
}

/* Of sendmail's exit statuses those that another try will not change: usage, data, no such user, no such host. */
static void mail_spawned(void *context, const struct spawn_result *result)
{
	struct target *target = context;
	struct answer answer = { .number = result->number, .status = result->status, .ran = true };
	bool never = result->status == 64 || result->status == 65 || result->status == 67 ||
		     result->status == 68;

	answer.fate = result->status == 0 ? FATE_DELIVERED : never ? FATE_REFUSED : FATE_LATER;
	snprintf(answer.words, sizeof(answer.words),
		 result->late ? "sendmail was killed at its time limit" : "sendmail's exit status is %d",
		 result->status);
	mail_answer(target, &answer, result->back);
}

static void mail_hand_over(struct target *target, uint64_t number, struct letter *letter)
{
	const struct mail_options *options = target->options;
	const char *arguments[MAIL_TO_MOST + 7] = { options->sendmail, "-i", "-f",
						    options->sender == NULL ? "<>" : options->sender, "--" };
	struct text bytes = { 0 };

	letter_write(letter, options->smtp != NULL ? "\r\n" : "\n", &bytes);
	for (size_t i = 0; i < letter->to_count && i < MAIL_TO_MOST; i++)
		arguments[5 + i] = letter->to[i];
	if (options->smtp != NULL)
		transfer_mail(target->transfers, number, options->sender, letter->to, letter->to_count,
			      text_span(&bytes));
	else
		spawn_start(target->programs, number, arguments, text_span(&bytes), options->timeout);
	text_free(&bytes);
}

/* What was damaged on disk names nobody, and says nothing. */
static void mail_refuse(struct target *target, uint64_t number)
{
	struct answer answer = { .number = number, .fate = FATE_REFUSED };

	snprintf(answer.words, sizeof(answer.words), "the message in the outbox is damaged");
	mail_answer(target, &answer, SPAN(""));
}

static void mail_send(struct target *target, const struct parcel *parcel)
{
	const struct template_given given = { NULL, NULL };
	const struct setting_list *to = &target->options->to;
	struct text text = { 0 }, subject = { 0 };
	const char *addresses[MAIL_TO_MOST];
	struct message message = { 0 };
	struct template body = target->text;
	struct letter letter = { .from = target->from,
				 .to = addresses,
				 .id = parcel->id,
				 .host = target->host,
				 .time = parcel->now };

	if (!message_read(span_of(parcel->body), &message) ||
	    (target->options->owner && !letter_is_address(text_span(&message.field[MESSAGE_ACCOUNT])))) {
		mail_refuse(target, parcel->number);
		message_free(&message);
		return;
	}
	if (body.body == mail_to_admin && message.field[MESSAGE_SCORE].len == 0 &&
	    message.field[MESSAGE_SAMPLES].len == 0)
		body.body = mail_without_score;
	template_fill(&body, &message, &given, &text);
	template_fill(&target->subject, &message, &given, &subject);
	for (size_t i = 0; i < to->count; i++)
		addresses[letter.to_count++] = to->texts[i];
	if (target->options->owner)
		addresses[letter.to_count++] = text_span(&message.field[MESSAGE_ACCOUNT]).at;
	letter.subject = text_span(&subject);
	letter.text = text_span(&text);
	mail_hand_over(target, parcel->number, &letter);
	message_free(&message);
	text_free(&text);
	text_free(&subject);
}

static bool mail_takes(const struct target *target, const struct verdict *verdict)
{
	if (!target->options->owner)
		return true;
	return verdict != NULL && verdict->account_kind == ACCOUNT_LOGIN &&
	       letter_is_address(verdict->account) &&
	       (verdict->state != STATE_DISABLED || target->options->owner_disabled);
}

static bool mail_alone(const struct target *target)
{
	return target->options->owner;
}

static int mail_fd(const struct target *target)
{
	return target->transfers != NULL ? transfer_fd(target->transfers) : spawn_fd(target->programs);
}

static void mail_run(struct target *target)
{
	if (target->transfers != NULL)
		transfer_run(target->transfers);
	else
		spawn_run(target->programs);
}

static void mail_close(struct target **target)
{
	if (*target == NULL)
		return;
	transfer_close(&(*target)->transfers);
	spawn_close(&(*target)->programs);
	free((*target)->own);
	free((*target)->password);
	free((*target)->from);
	free(*target);
	*target = NULL;
}

static bool mail_check_addresses(struct target *target, struct error *error)
{
	const struct mail_options *options = target->options;

	if (options->owner == (options->to.count > 0))
		return error_set(error, "%s needs either to or owner = yes", target->where);
	if (options->to.count > MAIL_TO_MOST)
		return error_set(error, "%s to: more than %d addresses", target->where, MAIL_TO_MOST);
	for (size_t i = 0; i < options->to.count; i++)
		if (!letter_is_address(span_of(options->to.texts[i])))
			return error_set(error, "%s to: %s is no address", target->where,
					 options->to.texts[i]);
	if (options->sender != NULL && !letter_is_address(span_of(options->sender)))
		return error_set(error, "%s sender: %s is no address", target->where, options->sender);
	return letter_is_address(span_of(target->from)) ||
	       error_set(error, "%s from: %s is no address", target->where, target->from);
}

static bool mail_set_texts(struct target *target, struct error *error)
{
	const struct mail_options *options = target->options;
	struct text text = { 0 };
	struct error why;

	target->subject = (struct template){ .name = "subject", .plain = true, .longest = 160 };
	target->subject.body = options->subject == NULL ? "{title}" : options->subject;
	target->text = (struct template){ .name = "mail", .plain = true, .longest = 20000 };
	target->text.body = options->owner ? mail_to_owner : mail_to_admin;
	if (options->template_file != NULL) {
		if (!save_read(options->template_file, MAIL_TEMPLATE_MAX, &text, &why))
			return error_set(error, "%s template_file: %s", target->where, why.text);
		target->own = memory_copy(text_span(&text));
		target->text.body = target->own;
		text_free(&text);
	}
	return template_check(&target->subject, target->where, error) &&
	       template_check(&target->text, target->where, error);
}

static bool mail_set_way(struct target *target, struct error *error)
{
	const struct mail_options *options = target->options;
	struct error why;

	if (options->smtp == NULL) {
		if (options->sendmail == NULL || access(options->sendmail, X_OK) != 0)
			return error_set(error, "%s sendmail: %s: %s", target->where,
					 options->sendmail == NULL ? "names no program" : options->sendmail,
					 options->sendmail == NULL ? "and smtp no server" : strerror(errno));
		target->programs = spawn_open(mail_spawned, target, error);
		return target->programs != NULL;
	}
	if (!transfer_url_good(options->smtp, "smtp", "smtps", &why))
		return error_set(error, "%s smtp %s", target->where, why.text);
	if (options->ca != NULL && !rights_to_read(options->ca))
		return error_set(error, "%s %s: %s", target->where, options->ca, strerror(errno));
	if (options->password_file != NULL &&
	    (target->password = secret_of(target->where, "password_file", options->password_file, error)) ==
		    NULL)
		return false;
	target->transfer = (struct transfer_options){ .url = options->smtp,
						      .ca = options->ca,
						      .user = options->user,
						      .password = target->password,
						      .tls = options->starttls,
						      .timeout = options->timeout };
	target->transfers = transfer_open(&target->transfer, mail_transferred, target, error);
	return target->transfers != NULL;
}

/* This machine's name, as far as it can stand in an address. */
static void mail_set_host(struct target *target)
{
	struct utsname about;
	struct text from = { 0 };

	snprintf(target->host, sizeof(target->host), "%.64s",
		 uname(&about) == 0 ? about.nodename : "localhost");
	text_add_format(&from, "sendwatch@%s", target->host);
	if (!letter_is_address(text_span(&from))) {
		snprintf(target->host, sizeof(target->host), "localhost");
		text_clear(&from);
		text_add(&from, SPAN("sendwatch@localhost"));
	}
	target->from = memory_copy(target->options->from != NULL ? span_of(target->options->from)
								 : text_span(&from));
	text_free(&from);
}

static struct target *mail_open(const void *options, const struct responder_calls *calls, struct error *error)
{
	struct target *target = memory_new(1, sizeof(*target));

	target->options = options;
	target->calls = *calls;
	snprintf(target->where, sizeof(target->where), "[mail %s]", target->options->telling.name);
	mail_set_host(target);
	if (telling_check(&target->options->telling, target->where, error) &&
	    mail_check_addresses(target, error) && mail_set_texts(target, error) &&
	    mail_set_way(target, error))
		return target;
	mail_close(&target);
	return NULL;
}

const struct responder responder_mail = {
	.kind = "mail",
	.open = mail_open,
	.takes = mail_takes,
	.alone = mail_alone,
	.send = mail_send,
	.fd = mail_fd,
	.run = mail_run,
	.close = mail_close,
};
