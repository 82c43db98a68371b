/*
 * The list of adapters, their settings, and the names that may reach files and argument vectors: letters,
 * digits and ". _ + - = @", never with '-' or '#' in front. Other logins exist; they are refused here and stopped
 * by the policy service alone, since what a quote or a colon means differs from table to table.
 */
#define _GNU_SOURCE
#include "responders/adapter.h"

const struct adapter *const adapters[] = {
	&adapter_postfix_map, &adapter_list,         &adapter_postfix_queue, &adapter_exim_list,
	&adapter_exim_queue,  &adapter_dovecot_deny, &adapter_command,       NULL,
};

const char *const adapter_types[] = { "postfix_map", "list",         "postfix_queue", "exim_list",
				      "exim_queue",  "dovecot_deny", "command",       NULL };

const char *const adapter_maps[] = { "lmdb", "hash", "btree", "cdb", "sqlite", "texthash", NULL };

const struct setting adapter_settings[] = {
	SETTING_CHOICE_OF(
		struct adapter_options, type, "postfix_map", adapter_types,
		"what kind of place this is; contrib/docs/disabling.md has the mail server's own lines"),
	SETTING(TEXT, struct adapter_options, file, "", 0, 0,
		"the file that is kept, for example /etc/postfix/sendwatch_deny; of exim_queue: the folder of Exim's spool"),
	SETTING_CHOICE_OF(struct adapter_options, map, "lmdb", adapter_maps,
			  "postfix_map: type of the table; lmdb and sqlite also stop sessions that are open"),
	SETTING(TEXT, struct adapter_options, text, "554 5.7.1 Account suspended", 0, 0,
		"postfix_map: what Postfix does and says (HOLD reason: the mail is accepted and held)"),
	SETTING(TEXT, struct adapter_options, config, "", 0, 0,
		"folder of Postfix's settings, or Dovecot's file, where it is not the usual one"),
	SETTING(TEXT, struct adapter_options, programs, "/usr/sbin", 0, 0,
		"folder of postmap, postqueue, postsuper, postcat, exim"),
	SETTING(LIST, struct adapter_options, disable, "", 0, 0,
		"command: the program and its arguments, {account} among them; it also gets JSON on standard input"),
	SETTING(LIST, struct adapter_options, release, "", 0, 0, "command: what takes it back"),
	SETTING(LIST, struct adapter_options, ask, "", 0, 0,
		"command: exit status 0 where the account is disabled, 1 where not; empty: cannot be asked"),
	SETTING(DURATION, struct adapter_options, timeout, "30s", USEC_SECOND, 10 * USEC_MINUTE,
		"how long a program may take before it is killed"),
	{ .name = NULL },
};

static bool adapter_key_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
	       (byte != '\0' && strchr("._+-=@", byte) != NULL);
}

bool adapter_key(struct span account, struct span *key_r, bool *local_r)
{
	bool local = span_skip(&account, SPAN("local:"));

	if (account.len == 0 || account.at[0] == '-')
		return false;
	for (size_t i = 0; i < account.len; i++)
		if (!adapter_key_byte(account.at[i]))
			return false;
	*key_r = account;
	*local_r = local;
	return true;
}
