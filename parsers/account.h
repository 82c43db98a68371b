/*
 * The names of accounts: one word of well-formed UTF-8 for everyone who can be answerable for mail.
 *
 *	bob@example.com                  a login, or a local address that forwards
 *	local:www-data                   a user of this machine; local:1001 where the uid has no name
 *	script:/home/bob/public_html/x   a directory from which mail is submitted
 *	host:192.0.2.7                   a client that may send by its address
 *	sender:example.com               an envelope sender's domain
 *
 * Logins are typed by strangers. So that none can pass for another kind of account, break a line or a
 * column, or be mistaken for another login, these bytes of a login are written \xNN (lower-case hex): ':',
 * the backslash itself, blanks and control bytes (C0, DEL, C1), and what is not UTF-8. In the names of users
 * and directories the same holds, less the ':'. Different texts therefore never give the same name, but
 * for the folding that the rules ask for; a login "local:root" is the account "local\x3aroot". Names longer
 * than ACCOUNT_LONGEST keep their beginning, then "\~" and a hash of the whole.
 */
#ifndef SENDWATCH_PARSERS_ACCOUNT_H
#define SENDWATCH_PARSERS_ACCOUNT_H

#include "base/span.h"

#define ACCOUNT_LONGEST 255
#define ACCOUNT_SIZE    (ACCOUNT_LONGEST + 1)

struct account_rules {
	struct span default_domain; /* of logins without '@'; absent leaves them bare */
	bool fold_tags;             /* bob+tag@example.com is bob@example.com */
	bool fold_case;             /* ASCII letters only */
};

/* A name under construction; the spans returned below point into it. */
struct account_name {
	char at[ACCOUNT_SIZE];
	size_t len;
};

/* An empty text has no name: the span is empty. */
struct span account_login(const struct account_rules *rules, struct span login, struct account_name *name);
/* Is LOGIN its account's name as it stands, by whatever rules: with a domain, and nothing to fold, escape or cut? */
bool account_is_login(struct span login);

struct span account_local(struct span user, struct account_name *name);
struct span account_script(struct span directory, struct account_name *name);
struct span account_host(struct span address, struct account_name *name);

/* Could TEXT be what one of these gave: neither empty nor too long, without blanks and control bytes? */
bool account_is_name(struct span text);

/* Does TEXT stand as these gave it: is something in it escaped, and is every backslash the beginning of that? */
bool account_is_escaped(struct span text);

/* By the domain of an envelope sender; empty for <> and where there is no domain. */
struct span account_sender(struct span sender, struct account_name *name);

#endif
