/*
 * What speaks for which way in:
 *	failed logins, then a success, from one address     guessed
 *	failed logins from elsewhere before                 perhaps guessed
 *	addresses that tried many accounts                  a list of stolen or common passwords
 *	a success at the first try, from a strange address  known before: phishing, malware, the same password elsewhere
 *	a script or a local user                            a hole in a web site
 *	only addresses that it always used                  the owner's own device, or the owner
 * The log shows doors, not keys: how a password that worked at once was lost stands in no log.
 */
#include "commands/case_cause.h"

#include <stdio.h>

struct signs {
	unsigned strange, familiar;  /* addresses that sent in the incident */
	uint64_t strange_sent, sent; /* recipients */
	unsigned guessers;           /* strange ones that failed before they got in */
	uint64_t guesses;            /* so often */
	unsigned trying;             /* strange ones that tried other accounts as well */
	unsigned tried;              /* the most accounts that one of them tried */
	unsigned sharing;            /* strange ones that other accounts of the case were used from */
	unsigned failing_tried;      /* the most accounts that one that only failed tried */
	unsigned failing;            /* addresses that failed only */
	unsigned countries;          /* new ones */
	const char *country;         /* one of them */
};

bool case_client_strange(const struct case_client *client)
{
	return client->before == 0 && client->recipients > 0;
}

bool case_country_new(const struct case_account *account, const char *country)
{
	if (*country == '\0' || account->before == 0)
		return false;
	for (size_t i = 0; i < account->client_count; i++)
		if (account->clients[i].before > 0 && strcmp(account->clients[i].country, country) == 0)
			return false;
	return true;
}

static bool country_counted(const struct case_account *account, size_t before, const char *country)
{
	for (size_t i = 0; i < before; i++)
		if (case_client_strange(&account->clients[i]) &&
		    strcmp(account->clients[i].country, country) == 0)
			return true;
	return false;
}

static void signs_of_strange(const struct casebook *book, const struct case_account *account,
			     const struct case_client *client, struct signs *signs)
{
	struct case_sharers sharers;

	signs->strange++;
	signs->strange_sent += client->recipients;
	if (client->failed_first >= 2) {
		signs->guessers++;
		signs->guesses += client->failed_first;
	}
	case_shared_of(book->shared, span_of(client->address), &sharers);
	signs->trying += sharers.tried >= 4;
	signs->tried = sharers.tried > signs->tried ? sharers.tried : signs->tried;
	for (size_t i = 0; i < sharers.count; i++) {
		const struct case_account *other = casebook_find(book, span_of(sharers.accounts[i]));

		if (other != NULL && other != account && other->worst == STATE_FLAGGED) {
			signs->sharing++;
			break;
		}
	}
}

static struct signs signs_of(const struct casebook *book, const struct case_account *account)
{
	struct signs signs = { .failing = (unsigned)account->failing };

	for (size_t i = 0; i < account->client_count; i++) {
		const struct case_client *client = &account->clients[i];

		signs.sent += client->recipients;
		if (client->failed > 0 && client->recipients + client->before == 0) {
			struct case_sharers sharers;

			signs.failing++;
			case_shared_of(book->shared, span_of(client->address), &sharers);
			signs.failing_tried = sharers.tried > signs.failing_tried ? sharers.tried
										  : signs.failing_tried;
		}
		if (!case_client_strange(client)) {
			signs.familiar += client->recipients > 0;
			continue;
		}
		signs_of_strange(book, account, client, &signs);
		if (case_country_new(account, client->country) &&
		    !country_counted(account, i, client->country)) {
			signs.countries++;
			signs.country = client->country;
		}
	}
	return signs;
}

static struct case_cause *cause_add(struct case_cause *causes, size_t *count)
{
	return &causes[(*count)++];
}

#define CAUSE_SAY(cause, ...) snprintf((cause)->evidence, sizeof((cause)->evidence), __VA_ARGS__)

/* No password was needed. */
static bool cause_of_kind(const struct case_account *account, struct case_cause *cause)
{
	switch (account->kind) {
	case ACCOUNT_SCRIPT:
		*cause = (struct case_cause){ "A script of a web site sends the mail", "web script",
					      "very likely",
					      "find what was changed or uploaded there, update the site's "
					      "software, and change its passwords",
					      "" };
		CAUSE_SAY(
			cause,
			"The messages were handed in on this server by programs in %.200s, without any login.",
			account->name + strlen("script:"));
		return true;
	case ACCOUNT_LOCAL:
		*cause = (struct case_cause){
			"A program of a local user sends the mail, often through a hole in a web site",
			"local program", "likely",
			"look at the web sites and cron jobs of this user for what was "
			"changed or uploaded",
			""
		};
		CAUSE_SAY(cause,
			  "The messages were handed in on this server as user %.200s, without any login.",
			  account->name + strlen("local:"));
		return true;
	case ACCOUNT_HOST:
		*cause = (struct case_cause){ "A machine that may send without login is abused",
					      "trusted machine", "likely",
					      "look for malware on it, or for an open form; take its "
					      "right to send away until then",
					      "" };
		CAUSE_SAY(cause,
			  "%.200s is trusted by its address: whoever sends through it needs no password.",
			  account->name + strlen("host:"));
		return true;
	case ACCOUNT_FORWARD:
		*cause = (struct case_cause){ "The address forwards what others send to it", "forwarding",
					      "likely", "filter before forwarding, or end the forwarding",
					      "" };
		CAUSE_SAY(cause,
			  "The mail came from outside and was passed on: the password need not be lost.");
		return true;
	case ACCOUNT_SENDER:
	case ACCOUNT_NONE:
		*cause = (struct case_cause){ "Who sent it is not known", "unknown", "possible",
					      "find out why the mail server takes mail without login", "" };
		CAUSE_SAY(cause, "The log names no login, only the domain of the sender.");
		return true;
	case ACCOUNT_LOGIN:
		break;
	}
	return false;
}

static void cause_guessed(const struct case_account *account, const struct signs *signs,
			  struct case_cause *causes, size_t *count)
{
	struct case_cause *cause;

	if (signs->guessers > 0) {
		cause = cause_add(causes, count);
		*cause = (struct case_cause){ "The password was guessed", "guessed",
					      signs->guesses >= 10 ? "very likely" : "likely",
					      "set a long new password; limit logins that fail", "" };
		CAUSE_SAY(
			cause,
			"%llu logins failed before one succeeded from the same address (%u such %s), and it sent.",
			(unsigned long long)signs->guesses, signs->guessers,
			signs->guessers == 1 ? "address" : "addresses");
	} else if (account->failed >= 5) {
		/* Right before it, or over and over: not the noise that every server hears. */
		bool close = account->since != USEC_NEVER &&
			     account->failed_last > account->since - 2 * USEC_HOUR;

		cause = cause_add(causes, count);
		*cause = (struct case_cause){ "The password was guessed", "perhaps guessed",
					      close || account->failed >= 50 ? "likely" : "possible",
					      "set a long new password; limit logins that fail", "" };
		CAUSE_SAY(
			cause,
			"%llu logins failed in the week before%s, from %u %s that did not get in themselves%s.",
			(unsigned long long)account->failed, close ? ", the last right before it began" : "",
			signs->failing, signs->failing == 1 ? "address" : "addresses",
			signs->failing_tried >= 4 ? " and tried other accounts too" : "");
	}
}

static void cause_tried(const struct signs *signs, struct case_cause *causes, size_t *count)
{
	struct case_cause *cause;

	if (signs->trying == 0)
		return;
	cause = cause_add(causes, count);
	*cause = (struct case_cause){
		"It was on a list of stolen or common passwords that is tried everywhere",
		"list of passwords", signs->tried >= 10 ? "likely" : "possible",
		"set a password that is used nowhere else", ""
	};
	CAUSE_SAY(cause, "%u of the addresses tried other accounts of this server too, one of them about %u.",
		  signs->trying, signs->tried);
}

static void cause_known(const struct signs *signs, struct case_cause *causes, size_t *count)
{
	struct case_cause *cause;
	bool clear = *count == 0 || strcmp(causes[0].likely, "possible") == 0;

	if (signs->strange == 0)
		return;
	cause = cause_add(causes, count);
	*cause = (struct case_cause){
		"The password was known: phishing, malware on a device, or a password used elsewhere too",
		"password known", clear ? "likely" : "possible",
		"check the owner's devices for malware, and ask about mails that wanted a password", ""
	};
	CAUSE_SAY(cause, "%u %s that never sent for it before got in%s%s%s%s.", signs->strange,
		  signs->strange == 1 ? "address" : "addresses", clear ? " without guessing" : "",
		  signs->countries > 0 ? signs->countries == 1 ? ", from a new country: "
							       : ", from new countries, such as "
				       : "",
		  signs->countries > 0 ? signs->country : "",
		  signs->sharing > 0 ? "; other abused accounts were used from the same addresses" : "");
}

static void cause_owner(const struct case_account *account, const struct signs *signs,
			struct case_cause *causes, size_t *count)
{
	struct case_cause *cause;

	if (account->before == 0 || signs->sent == 0 || signs->strange_sent * 2 > signs->sent)
		return;
	cause = cause_add(causes, count);
	*cause = (struct case_cause){
		"A device of the owner sends it, or the owner does", "own device",
		signs->strange == 0 ? "likely" : "possible",
		"ask the owner about a mailing; check the devices at these addresses for malware", ""
	};
	CAUSE_SAY(cause, "%llu of %llu recipients were written to from addresses that it always used.",
		  (unsigned long long)(signs->sent - signs->strange_sent), (unsigned long long)signs->sent);
}

/* Very likely, likely, possible: the order of the alphabet is the other way round. */
static void causes_sort(struct case_cause *causes, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j > 0 && strcmp(causes[j].likely, "possible") != 0 &&
				   strcmp(causes[j - 1].likely, causes[j].likely) != 0 &&
				   strcmp(causes[j - 1].likely, "very likely") != 0;
		     j--) {
			struct case_cause swap = causes[j];

			causes[j] = causes[j - 1];
			causes[j - 1] = swap;
		}
}

size_t case_causes(const struct casebook *book, const struct case_account *account,
		   struct case_cause causes_r[CASE_CAUSES])
{
	struct signs signs;
	size_t count = 0;

	if (cause_of_kind(account, &causes_r[0]))
		return 1;
	signs = signs_of(book, account);
	cause_guessed(account, &signs, causes_r, &count);
	cause_tried(&signs, causes_r, &count);
	cause_known(&signs, causes_r, &count);
	cause_owner(account, &signs, causes_r, &count);
	causes_sort(causes_r, count);
	return count;
}
