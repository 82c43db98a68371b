/*
 * A disable adapter stops an account at one place: in a table that Postfix or Exim asks, at Dovecot, in the
 * queue, or by a command of the admin's own. The family is a struct of function pointers and one list; a use of
 * one is a section "[adapter NAME]" of detect.conf.
 *
 * Adapters run in the deputy (deputy.h), a process of its own with the rights that this takes; they may block
 * for as long as their timeout says. What one did, it can take back; doing either twice does no harm.
 */
#ifndef SENDWATCH_RESPONDERS_ADAPTER_H
#define SENDWATCH_RESPONDERS_ADAPTER_H

#include "base/rights.h"
#include "base/settings.h"
#include "base/text.h"

struct adapter_options {
	char *name; /* of [adapter NAME] */
	int type;   /* index in adapters[] */
	char *file;
	int map; /* enum adapter_map */
	char *text;
	char *config, *programs;
	struct setting_list disable, release, ask;
	usec_t timeout;
};

enum adapter_map { ADAPTER_LMDB, ADAPTER_HASH, ADAPTER_BTREE, ADAPTER_CDB, ADAPTER_SQLITE, ADAPTER_TEXTHASH };

extern const struct setting adapter_settings[];
extern const char *const adapter_maps[]; /* by enum adapter_map, NULL at the end */

struct adapter_order {
	struct span account; /* "bob@example.com", "local:web2" */
	struct span
		key; /* as the mail server knows it: "bob@example.com", "web2"; safe in files and arguments */
	bool local;
	struct span ids;   /* of a release: what was put on hold, blank-separated */
	struct text *held; /* of a hold: what was put on hold, blank-separated */
	bool more;         /* set by a hold: there is more to do, ask again */
};

struct adapter {
	const char *type;
	bool foreign; /* others disable there too, so that it must be asked before */
	bool queue;   /* holds and releases messages; else it disables and releases */
	/* Capabilities that it takes where the deputy is root's; RIGHTS_ALL: it runs what the admin says. */
	uint64_t rights;
	/* Where both are false, nothing of the kind is stopped here and nobody is asked. */
	bool logins, locals;
	bool (*check)(const struct adapter_options *options, struct error *error);
	bool (*disable)(const struct adapter_options *options, struct adapter_order *order,
			struct error *error);
	bool (*release)(const struct adapter_options *options, struct adapter_order *order,
			struct error *error);
	/* NULL: it cannot be told. */
	bool (*asks)(const struct adapter_options *options, struct adapter_order *order, bool *is_r,
		     struct error *error);
};

extern const struct adapter adapter_postfix_map, adapter_list, adapter_postfix_queue, adapter_exim_list,
	adapter_exim_queue, adapter_dovecot_deny, adapter_command;

/* All of them, NULL at the end; and their types, as choices of the setting. */
extern const struct adapter *const adapters[];
extern const char *const adapter_types[];

/*
 * The key of ACCOUNT, and whether it is a local user's; false for accounts that no adapter can stop (scripts,
 * hosts), and for names with bytes that mean something in a file of tables or an argument vector.
 */
bool adapter_key(struct span account, struct span *key_r, bool *local_r);

#endif
