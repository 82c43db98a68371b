/*
 * What the files of the Exim parser share: taking addresses and host fields off the front of a line as
 * Exim writes them, and one reader for each family of lines. Every text here may be an attacker's: a taker
 * goes from the left, by Exim's own grammar, and never looks for a field by its name.
 */
#ifndef SENDWATCH_PARSERS_EXIM_H
#define SENDWATCH_PARSERS_EXIM_H

#include "base/near.h"
#include "parsers/event.h"

/* name (helo) [ip]:port, each part but the address optional; name [ip]:port* of a reused connection. */
struct exim_host {
	struct span name, helo, ip, port;
	bool reused;
};

/* How long an address without quotes is that stands in front; 0 where there is another one, or none. */
static inline size_t exim_plain_address(struct span rest)
{
	size_t len = span_near_either(rest, ' ', '"');

	return len < rest.len && rest.at[len] == '"' ? 0 : len;
}

/* An address up to the next blank that no quoted local part holds; takes the blank too. */
bool exim_take_address(struct span *rest, struct span *address_r);

/* <address>, in which a quoted local part may hold blanks and brackets. */
bool exim_take_angle(struct span *rest, struct span *address_r);

/* "text" with \" and \\ inside; what follows the closing quote stays. False where it is not closed. */
bool exim_take_quoted(struct span *rest, struct span *text_r);

/*
 * The same, and the blank behind it: where neither that nor the end of the line follows, the quote was a client's and
 * met one that Exim wrote.
 */
bool exim_take_whole_quoted(struct span *rest, struct span *text_r);

/* [ip] or [ip]:port */
bool exim_take_ip(struct span *rest, struct span *ip_r, struct span *port_r);

/* Up to the next blank, which stays, as does a ':' before it: before ": " nothing is taken. */
static inline __attribute__((always_inline)) struct span exim_take_word(struct span *rest)
{
	struct span word = *rest;
	size_t len = span_near(word, ' ');

	if (len < word.len && len > 0 && word.at[len - 1] == ':')
		len--;
	*rest = (struct span){ word.at + len, word.len - len };
	return (struct span){ word.at, len };
}

/* The sending or the receiving host, without its "H=". The blank after it stays. */
bool exim_take_host(struct span *rest, struct exim_host *host_r);

/*
 * May HELO reach further than it seems, into REST? Where junk is accepted (helo_accept_junk_hosts, as cPanel has it),
 * the name may hold ") [ip] A=.." and the true address follows; so may what a client chose behind it.
 */
bool exim_helo_goes_on(struct span helo, struct span rest);

/* driver[:login[:sender]]: the third part is the client's word and nobody's account. */
void exim_take_authenticator(struct span value, struct event *event);

/* The client's host into the event, for lines about what came to us. */
void exim_set_client(struct event *event, const struct exim_host *host);

/* "SMTP error from remote mail server after RCPT TO:<..>: 550 ..." into reply, dsn, phase and reason. */
void exim_set_reply(struct event *event, struct span words);

void exim_arrival(struct span rest, struct event *event);
void exim_delivery(struct span rest, char flag, struct event *event);

/* "DRIVER authenticator failed ...". False where it is nothing of that. */
bool exim_failed_login(struct span text, struct event *event);

/* Refusals, failed authentication and whatever else is said of a client. False where it is nothing of that. */
bool exim_refusal(struct span text, struct event *event);

/* Everything else that Exim says, by its first words. */
void exim_note(struct span text, struct event *event);

#endif
