/*
 * A webhook fills its template when it sends, so that what stands in the outbox is the verdict itself, without
 * any secret; the transfer is transfer.c's.
 */
#define _GNU_SOURCE
#include "responders/webhook.h"

#include "base/memory.h"
#include "base/rights.h"
#include "base/save.h"
#include "responders/secret.h"
#include "responders/sign.h"
#include "responders/template.h"
#include "responders/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WEBHOOK_TEMPLATE_MAX ((size_t)64 * 1024)

const struct setting webhook_settings[] = {
	SETTING(TEXT, struct webhook_options, url, "", 0, 0, "where verdicts are sent: https://..."),
	SETTING(TEXT, struct webhook_options, url_file, "", 0, 0,
		"file that holds the URL, where it is a secret; credential:NAME is one of systemd's"),
	SETTING_CHOICE_OF(struct webhook_options, template, "json", template_choices,
			  "the shape of what is sent: the verdict itself, or what a service understands"),
	SETTING(TEXT, struct webhook_options, template_file, "", 0, 0,
		"template = own: a file of JSON with {account}, {state}, {text} ... in it"),
	SETTING(TEXT, struct webhook_options, chat, "", 0, 0,
		"{chat} of a template: the chat_id of Telegram"),
	SETTING(TEXT, struct webhook_options, token_file, "", 0, 0,
		"file with {token} of a template: the integration key of PagerDuty"),
	SETTING(TEXT, struct webhook_options, secret_file, "", 0, 0,
		"file with the secret of X-Sendwatch-Signature; empty: nothing is signed"),
	TELLING_ROWS,
	SETTING(DURATION, struct webhook_options, timeout, "10s", 100000, 10 * USEC_MINUTE,
		"how long one try may take"),
	SETTING(LIST, struct webhook_options, headers, "", 0, 0,
		"further headers: X-Team: mail, X-Site: fra"),
	SETTING(TEXT, struct webhook_options, headers_file, "", 0, 0,
		"file of secret headers, one a line (Authorization: Bearer ...); credential:NAME is one of systemd's"),
	SETTING(TEXT, struct webhook_options, ca, "", 0, 0,
		"certificate authorities that the receiver's certificate must come from; empty: the system's"),
	SETTING(TEXT, struct webhook_options, certificate, "", 0, 0,
		"our own certificate, where the receiver asks for one"),
	SETTING(TEXT, struct webhook_options, key, "", 0, 0, "its private key"),
	{ .name = NULL },
};

struct target {
	const struct webhook_options *options;
	struct responder_calls calls;
	struct transfer_pool *pool;
	struct transfer_options transfer;
	struct template template;
	char *url, *token, *secret, *own;
	char where[80]; /* "[webhook ops]", for errors */
};

static bool webhook_add_header(struct target *target, struct span header, struct error *error)
{
	return transfer_add_header(target->pool, header) ||
	       error_set(error, "%s a header is not of the form \"Name: value\"", target->where);
}

static bool webhook_add_headers(struct target *target, struct error *error)
{
	const struct webhook_options *options = target->options;
	struct text secret = { 0 };
	struct span rest, line;
	struct error why;
	bool good = webhook_add_header(target, SPAN("Content-Type: application/json"), error) &&
		    /* No "100 Continue" first: some receivers never answer it. */
		    webhook_add_header(target, SPAN("Expect: "), error);

	for (size_t i = 0; i < options->headers.count && good; i++)
		good = webhook_add_header(target, span_of(options->headers.texts[i]), error);
	if (!good || options->headers_file == NULL)
		return good;
	good = secret_read(options->headers_file, &secret, &why) ||
	       error_set(error, "%s headers_file: %s", target->where, why.text);
	rest = text_span(&secret);
	while (good && rest.len > 0) {
		if (!span_cut(&rest, '\n', &line)) {
			line = rest;
			rest = span_from(rest, rest.len);
		}
		line = span_trim(line);
		if (line.len > 0)
			good = webhook_add_header(target, line, error);
	}
	text_free(&secret);
	return good;
}

/* http or https, with a host. The words never repeat the URL, since it may be a secret. */
static bool webhook_set_url(struct target *target, struct error *error)
{
	const struct webhook_options *options = target->options;
	struct error why;

	if ((options->url == NULL) == (options->url_file == NULL))
		return error_set(error, "%s needs either url or url_file", target->where);
	target->url = options->url != NULL ? memory_copy(span_of(options->url))
					   : secret_of(target->where, "url_file", options->url_file, error);
	if (target->url == NULL)
		return false;
	for (const char *at = target->url; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20)
			return error_set(error, "%s the URL is not one line", target->where);
	return transfer_url_good(target->url, "https", "http", &why) ||
	       error_set(error, "%s the URL %s", target->where, why.text);
}

static bool webhook_check_files(const struct target *target, struct error *error)
{
	const struct webhook_options *options = target->options;
	const char *const files[] = { options->ca, options->certificate, options->key };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i] != NULL && !rights_to_read(files[i]))
			return error_set(error, "%s %s: %s", target->where, files[i], strerror(errno));
	return true;
}

static bool webhook_set_secrets(struct target *target, struct error *error)
{
	const struct webhook_options *options = target->options;
	struct error why;

	if (options->token_file != NULL) {
		target->token = secret_of(target->where, "token_file", options->token_file, error);
		if (target->token == NULL)
			return false;
	}
	if (options->secret_file == NULL)
		return true;
	if (!sign_available(&why))
		return error_set(error, "%s secret_file: nothing can be signed: %s", target->where, why.text);
	target->secret = secret_of(target->where, "secret_file", options->secret_file, error);
	return target->secret != NULL;
}

static bool webhook_set_template(struct target *target, struct error *error)
{
	const struct webhook_options *options = target->options;
	struct text text = { 0 };
	struct error why;

	target->template = template_of[options->template];
	if ((options->template == TEMPLATE_OWN) != (options->template_file != NULL))
		return error_set(error, "%s template = own and template_file belong together", target->where);
	if (options->template == TEMPLATE_OWN) {
		if (!save_read(options->template_file, WEBHOOK_TEMPLATE_MAX, &text, &why))
			return error_set(error, "%s template_file: %s", target->where, why.text);
		target->own = memory_copy(text_span(&text));
		target->template.body = target->own;
		text_free(&text);
	}
	if (target->template.chat && options->chat == NULL)
		return error_set(error, "%s template = %s needs chat", target->where, target->template.name);
	if (target->template.token && target->token == NULL)
		return error_set(error, "%s template = %s needs token_file", target->where,
				 target->template.name);
	return template_check(&target->template, target->where, error);
}

/* What came back, for whoever tests a target: the first line of it, printable. */
static void webhook_came_back(struct span body, char *into, size_t room)
{
	struct text words = { .ceiling = room - 1 };
	struct span line;

	text_add_printable(&words, span_cut(&body, '\n', &line) ? line : body);
	snprintf(into, room, "%s", words.at == NULL ? "" : words.at);
	text_free(&words);
}

static bool webhook_never(long code)
{
	return code == 400 || code == 410 || code == 413 || code == 415 || code == 422;
}

static void webhook_done(void *context, const struct transfer_result *result)
{
	struct target *target = context;
	struct answer answer = { .number = result->number, .pause = result->pause };

	if (!result->whole && result->code == 0)
		snprintf(answer.words, sizeof(answer.words), "%s", result->error);
	else
		snprintf(answer.words, sizeof(answer.words), "the receiver answered %ld%s", result->code,
			 result->code >= 300 && result->code < 400 ? ": redirects are not followed" : "");
	answer.fate = result->code >= 200 && result->code < 300 ? FATE_DELIVERED
		      : webhook_never(result->code)             ? FATE_REFUSED
								: FATE_LATER;
	webhook_came_back(result->body, answer.back, sizeof(answer.back));
	target->calls.done(target->calls.context, &answer);
}

static void webhook_post(struct target *target, const struct parcel *parcel, const char *tail,
			 struct span body)
{
	char key[80], signature[SIGN_HEADER_SIZE];
	const char *headers[3] = { key, NULL, NULL };

	snprintf(key, sizeof(key), "Idempotency-Key: %s", parcel->id);
	if (target->secret != NULL && sign_header(span_of(target->secret), parcel->now, body, signature))
		headers[1] = signature;
	transfer_post(target->pool, parcel->number, tail, headers, body);
}

static void webhook_send(struct target *target, const struct parcel *parcel)
{
	const struct template_given given = { target->options->chat, target->token };
	struct text body = { 0 }, tail = { 0 };
	struct message message;

	if (target->template.body == NULL || !message_read(span_of(parcel->body), &message)) {
		webhook_post(target, parcel, NULL, span_of(parcel->body));
		return;
	}
	template_fill(&target->template, &message, &given, &body);
	webhook_post(target, parcel, template_tail(&target->template, &message, &tail) ? tail.at : NULL,
		     text_span(&body));
	message_free(&message);
	text_free(&body);
	text_free(&tail);
}

static void webhook_run(struct target *target)
{
	transfer_run(target->pool);
}

static int webhook_fd(const struct target *target)
{
	return transfer_fd(target->pool);
}

static bool webhook_alone(const struct target *target)
{
	return target->template.alone;
}

static void webhook_close(struct target **target)
{
	if (*target == NULL)
		return;
	transfer_close(&(*target)->pool);
	free((*target)->url);
	free((*target)->token);
	free((*target)->secret);
	free((*target)->own);
	free(*target);
	*target = NULL;
}

static struct target *webhook_open(const void *options, const struct responder_calls *calls,
				   struct error *error)
{
	struct target *target = memory_new(1, sizeof(*target));
	const struct webhook_options *own = options;
	struct error why;

	target->options = own;
	target->calls = *calls;
	snprintf(target->where, sizeof(target->where), "[webhook %s]", own->telling.name);
	if (telling_check(&own->telling, target->where, error) && webhook_check_files(target, error) &&
	    webhook_set_url(target, error) && webhook_set_secrets(target, error) &&
	    webhook_set_template(target, error)) {
		target->transfer = (struct transfer_options){ .url = target->url,
							      .ca = own->ca,
							      .certificate = own->certificate,
							      .key = own->key,
							      .timeout = own->timeout };
		target->pool = transfer_open(&target->transfer, webhook_done, target, &why);
		if (target->pool == NULL)
			error_set(error, "%s %s", target->where, why.text);
		else if (webhook_add_headers(target, error))
			return target;
	}
	webhook_close(&target);
	return NULL;
}

const struct responder responder_webhook = {
	.kind = "webhook",
	.open = webhook_open,
	.alone = webhook_alone,
	.send = webhook_send,
	.fd = webhook_fd,
	.run = webhook_run,
	.close = webhook_close,
};
