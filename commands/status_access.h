/*
 * Who may ask the status server for what, by what a request says of itself: its path, the host it was meant for,
 * where it comes from, and its password or token. Pure; everything in a request is strangers' text.
 */
#ifndef SENDWATCH_COMMANDS_STATUS_ACCESS_H
#define SENDWATCH_COMMANDS_STATUS_ACCESS_H

#include "base/settings.h"
#include "base/text.h"

struct status_request {
	struct span method, target; /* "/account?name=bob%40example.com", as sent */
	struct span host;           /* absent where the header is */
	struct span origin;         /* likewise */
	struct span site;           /* Sec-Fetch-Site */
	struct span accept;
	struct span user, password; /* of Basic */
	struct span authorization;  /* the whole header */
	struct span body;
	bool local; /* over a Unix socket, whose rights say who may ask */
};

struct status_keys {
	const char *user;
	const char *password; /* NULL: none is set */
	const char *token;    /* NULL: none is set */
	const char *form;     /* of this process: what a form of ours carries */
	const struct setting_list *hosts, *open;
};

/* The path of a target, and what follows the question mark. */
struct span status_path(struct span target, struct span *query_r);

/* The first value of NAME in a query or a form, decoded, added to INTO. False where it is not there. */
bool status_value(struct span query, struct span name, struct text *into);

/*
 * Is it meant for us? A page in somebody's browser can make its own name lead to this address (DNS rebinding); it
 * cannot make the browser send another host than that name. Addresses, localhost and the names in `hosts` are ours.
 */
bool status_host_is_ours(const struct status_keys *keys, const struct status_request *request);

/* May whoever asks see what is called AREA ("health", "metrics", "page")? */
bool status_may_see(const struct status_keys *keys, const struct status_request *request, const char *area);

/* Does it bring the token or the password? */
bool status_is_known(const struct status_keys *keys, const struct status_request *request);

/* May it change something: known, and by its token, or from a form of ours in a page of ours? */
bool status_may_change(const struct status_keys *keys, const struct status_request *request);

#endif
