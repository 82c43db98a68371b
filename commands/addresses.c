/*
 * `sendwatch addresses`: the networks that guess passwords or send through stolen accounts, from the watch that runs
 * on this server, or from what it saved last; for people, or in the forms that other programs take.
 */
#include "commands/address_lists.h"
#include "commands/command.h"
#include "commands/control.h"

#include "base/text.h"

#include <stdlib.h>

/* The names end where they are not said to be all. */
static void addresses_names(const char *what, const char (*names)[ADDRESS_NAME_SIZE], uint32_t count)
{
	struct text text = { 0 };

	for (uint32_t i = 0; i < count; i++) {
		text_add(&text, i == 0 ? SPAN("") : SPAN(", "));
		text_add_printable(&text, span_of(names[i]));
	}
	if (count > 0)
		printf("  %s %s%s\n", what, text.at, count == ADDRESS_NAMES ? " ..." : "");
	text_free(&text);
}

static void addresses_text(const struct attacker *attacker, usec_t keep)
{
	char words[64], first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];

	network_text(attacker->address, words);
	printf("%-22s first %s, last %s, listed until %s\n", words, clock_text(attacker->first, first),
	       clock_text(attacker->last, last), clock_text(attacker->last + keep, until));
	if ((attacker->reasons & ADDRESS_GUESSED) != 0)
		printf("  tried the passwords of %u%s accounts, %u times\n", attacker->accounts,
		       attacker->accounts == NETWORK_FAILED ? " or more" : "", attacker->tries);
	addresses_names("among them", attacker->tried, attacker->tried_count);
	addresses_names("sent through", attacker->by, attacker->by_count);
}

static void addresses_print(const struct addresses *addresses, const struct arguments *arguments, usec_t keep)
{
	usec_t now = clock_now();
	struct text text = { .ceiling = (size_t)256 * 1024 * 1024 };

	if (arguments->format >= FORMAT_NFT) {
		addresses_form(addresses, (enum address_form)(arguments->format - FORMAT_NFT), keep, now,
			       &text);
		fwrite(text.at, 1, text.len, stdout);
		text_free(&text);
		return;
	}
	if (addresses_count(addresses) == 0 && arguments->format == FORMAT_TEXT)
		puts("No address is listed.");
	for (const struct attacker *at = addresses_next(addresses, NULL); at != NULL;
	     at = addresses_next(addresses, at)) {
		char *json;

		if (arguments->format == FORMAT_TEXT) {
			addresses_text(at, keep);
			continue;
		}
		json = attacker_json(at, keep, now, NULL, NULL);
		puts(json);
		free(json);
	}
}

int command_addresses(const struct arguments *arguments)
{
	const struct control_order order = { .verb = SPAN("addresses"),
					     .account = SPAN("-"),
					     .until = USEC_NEVER };
	const struct addresses_calls calls = { .changed = NULL };
	struct addresses *addresses;
	struct options options;
	struct error error, away;
	bool good, asked;

	if (!options_load(arguments, &options, &error)) {
		fprintf(stderr, "sendwatch addresses: %s\n", error.text);
		return EXIT_USAGE;
	}
	if (options.watch.state == NULL) {
		options_free(&options);
		fprintf(stderr, "sendwatch addresses: [watch] state names no folder\n");
		return EXIT_USAGE;
	}
	/* One that runs saves what it knows at this moment; where none does, what was saved last is all there is. */
	asked = control_ask(options.watch.state, &order, &away);
	addresses = addresses_new(&options.addresses, &calls, &error);
	good = addresses != NULL && address_lists_read(options.watch.state, addresses, &error);
	if (good) {
		addresses_age(addresses, clock_now());
		addresses_print(addresses, arguments, options.addresses.keep);
		if (!asked && addresses_count(addresses) == 0 && arguments->format == FORMAT_TEXT)
			fprintf(stderr, "sendwatch addresses: %s\n", away.text);
	} else {
		fprintf(stderr, "sendwatch addresses: %s\n", error.text);
	}
	addresses_free(&addresses);
	options_free(&options);
	return good ? EXIT_DONE : EXIT_FAILED;
}
