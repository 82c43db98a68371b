/*
 * Postfix, by its main.cf and master.cf as files: postconf would run a program of the tree that is looked at.
 *
 * Limits: of a parameter given twice the last counts, as for Postfix; $names are put in up to eight deep, and
 * ${name?value} is not: what has it is taken for not set.
 */
#define _GNU_SOURCE
#include "commands/setup_found.h"

#include <stdio.h>

#define MAIN_DEEP 8
#define MAIN_MOST 16384

/* A logical line of main.cf or master.cf: comments between its lines are left out. False at the end. */
static bool config_line(struct span *rest, struct text *logical)
{
	struct span line;
	bool begun = false;

	text_clear(logical);
	while (rest->len > 0) {
		struct span before = *rest;

		if (!setup_line(rest, &line))
			break;
		if (span_trim(line).len == 0 || span_trim(line).at[0] == '#')
			continue;
		if (begun && line.at[0] != ' ' && line.at[0] != '\t') {
			*rest = before;
			break;
		}
		if (begun)
			text_add(logical, SPAN(" "));
		text_add(logical, span_trim(line));
		begun = true;
	}
	return begun;
}

/* The parameter as it is written; absent where main.cf does not have it. VALUE owns it. */
static bool main_raw(struct span main, struct span key, struct text *value)
{
	struct text logical = { .ceiling = MAIN_MOST };
	bool found = false;

	while (config_line(&main, &logical)) {
		struct span rest = text_span(&logical), name;

		if (!span_cut(&rest, '=', &name) || !span_equal(span_trim(name), key))
			continue;
		text_clear(value);
		text_add(value, span_trim(rest));
		found = true;
	}
	text_free(&logical);
	return found;
}

/* What Postfix takes where main.cf is silent. */
static struct span main_fallback(struct span key)
{
	return span_equal(key, SPAN("myorigin")) ? SPAN("$myhostname") : SPAN("");
}

static void main_expand(struct span main, struct span value, unsigned deep, struct text *expanded);

static void main_add(struct span main, struct span key, unsigned deep, struct text *expanded)
{
	struct text raw = { .ceiling = MAIN_MOST };

	if (!main_raw(main, key, &raw))
		text_add(&raw, main_fallback(key));
	if (raw.len > 0)
		main_expand(main, text_span(&raw), deep, expanded);
	text_free(&raw);
}

static void main_expand(struct span main, struct span value, unsigned deep, struct text *expanded)
{
	for (size_t i = 0; i < value.len && expanded->len < MAIN_MOST;) {
		struct span rest = span_from(value, i + 1);
		size_t len = 0;
		bool brace;

		if (value.at[i] != '$' || deep == MAIN_DEEP) {
			text_add(expanded, (struct span){ value.at + i++, 1 });
			continue;
		}
		brace = span_skip(&rest, SPAN("{")) || span_skip(&rest, SPAN("("));
		while (len < rest.len &&
		       (rest.at[len] == '_' || (rest.at[len] >= '0' && rest.at[len] <= '9') ||
			(rest.at[len] >= 'a' && rest.at[len] <= 'z')))
			len++;
		if (len > 0)
			main_add(main, span_head(rest, len), deep + 1, expanded);
		i += 1 + (brace ? 1U : 0U) + len + (brace && len < rest.len ? 1U : 0U);
	}
}

/* The parameter with its $names put in. */
static struct span main_get(struct span main, const char *key, struct text *value)
{
	text_clear(value);
	value->ceiling = MAIN_MOST;
	main_add(main, span_of(key), 0, value);
	return text_span(value);
}

/* Each member of a list: blanks and commas between them. */
static bool list_next(struct span *rest, struct span *member_r)
{
	size_t len = 0;

	while (rest->len > 0 && (*rest->at == ' ' || *rest->at == ',' || *rest->at == '\t'))
		*rest = span_from(*rest, 1);
	while (len < rest->len && rest->at[len] != ' ' && rest->at[len] != ',' && rest->at[len] != '\t')
		len++;
	*member_r = span_head(*rest, len);
	*rest = span_from(*rest, len);
	return len > 0;
}

static bool is_loopback(struct span host)
{
	return span_starts(host, SPAN("127.")) || span_starts(host, SPAN("::1")) ||
	       span_starts(host, SPAN("::ffff:127.")) || span_equal_nocase(host, SPAN("localhost"));
}

/* "192.0.2.0/24", "[2001:db8::]/32" */
static void postfix_network(struct span member, struct setup_found *found)
{
	struct span bare = member, tail;
	char whole[64];

	if (span_skip(&bare, SPAN("[")) && span_cut_last(&bare, SPAN("]"), &tail)) {
		snprintf(whole, sizeof(whole), "%.*s%.*s", SPAN_ARGS(bare), SPAN_ARGS(tail));
		bare = span_of(whole);
	} else
		bare = member;
	if (!is_loopback(bare))
		setup_add(&found->trusted, bare, setup_is_network);
}

/* A file of networks, or, where it is a TABLE, of a network and any value in each line. */
static void postfix_networks_of(const struct setup_root *root, struct span path, bool table,
				struct setup_found *found)
{
	struct text name = { .ceiling = SETUP_TEXT }, file = { 0 }, logical = { .ceiling = MAIN_MOST };
	struct span rest, line, member;

	text_add(&name, path);
	if (setup_is_path(path))
		(void)setup_read(root, name.at, &file);
	rest = text_span(&file);
	while (config_line(&rest, &logical)) {
		line = text_span(&logical);
		while (list_next(&line, &member)) {
			postfix_network(member, found);
			if (table)
				break;
		}
	}
	text_free(&logical);
	text_free(&file);
	text_free(&name);
}

/*
 * mynetworks: networks, files of them, tables whose text is at hand. Exceptions (!) are left out: who may not send is
 * no account for it, trusted or not.
 */
static void postfix_trusted(const struct setup_root *root, struct span networks, struct setup_found *found)
{
	static const struct span tables[] = { SPAN_INIT("cidr:"), SPAN_INIT("hash:"),     SPAN_INIT("btree:"),
					      SPAN_INIT("lmdb:"), SPAN_INIT("texthash:"), SPAN_INIT("dbm:"),
					      SPAN_INIT("cdb:") };
	struct span member;

	while (list_next(&networks, &member)) {
		bool table = false;

		(void)span_skip(&member, SPAN("proxy:"));
		for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && !table; i++)
			table = span_skip(&member, tables[i]);
		if (table || span_starts(member, SPAN("/")))
			postfix_networks_of(root, member, table, found);
		else
			postfix_network(member, found);
	}
}

/* Is NAME a service of master.cf that hands mail to a program? */
static bool master_is_pipe(struct span master, struct span name)
{
	struct text logical = { .ceiling = MAIN_MOST };
	bool is = false;

	while (!is && config_line(&master, &logical)) {
		struct span rest = text_span(&logical), word, command = { NULL, 0 };

		if (!list_next(&rest, &word) || !span_equal(word, name))
			continue;
		for (int column = 0; column < 7 && list_next(&rest, &word); column++)
			command = word;
		is = span_equal(command, SPAN("pipe"));
	}
	text_free(&logical);
	return is;
}

/* transport:[host]:port of a content filter that is neither this machine's nor known by its name anyway. */
static void postfix_filter(struct span master, struct span value, struct setup_found *found)
{
	struct span name, host;

	if (!span_cut(&value, ':', &name))
		return;
	if (master_is_pipe(master, name))
		setup_add(&found->filters, name, setup_is_word);
	else if (span_skip(&value, SPAN("[")) && span_cut(&value, ']', &host) && !is_loopback(host))
		setup_add(&found->filters, host, setup_is_domain);
}

static void service_option(struct span master, struct span option, struct setup_service *service,
			   struct setup_found *found)
{
	struct span name;

	if (!span_cut(&option, '=', &name))
		return;
	name = span_trim(name);
	option = span_trim(option);
	if (span_equal(name, SPAN("smtpd_recipient_restrictions")))
		setup_take(service->restrictions, sizeof(service->restrictions), option, setup_is_line);
	else if (span_equal(name, SPAN("content_filter")))
		postfix_filter(master, option, found);
	else if (span_equal(name, SPAN("smtp_bind_address")) || span_equal(name, SPAN("smtp_bind_address6")))
		setup_add(&found->sources, option, setup_is_network);
	if (span_find(option, SPAN("check_policy_service")) < option.len)
		found->asks_policy = true;
}

/* name type private unpriv chroot wakeup maxproc command -o option ... ; -o { name = value } since Postfix 3. */
static void master_service(struct span master, struct span rest, struct setup_found *found)
{
	struct setup_service service = { .name = "" };
	struct span word, column[8];
	size_t columns = 0;

	while (columns < 8 && list_next(&rest, &column[columns]))
		columns++;
	if (columns < 8)
		return;
	while (list_next(&rest, &word)) {
		struct span inner = rest, option;

		if (!span_equal(word, SPAN("-o")))
			continue;
		inner = span_trim(inner);
		if (span_skip(&inner, SPAN("{")) && span_cut_text(&inner, SPAN(" }"), &option))
			rest = inner;
		else if (!list_next(&rest, &option))
			break;
		else {
			/* A list written with commas goes on behind them. */
			size_t end = span_find(rest, SPAN(" -o"));

			option.len += rest.len > 0 && *rest.at == ',' ? end : 0;
			rest = span_from(rest, (size_t)(option.at + option.len - rest.at));
		}
		service_option(master, option, &service, found);
	}
	if (!span_equal(column[1], SPAN("inet")) || !span_equal(column[7], SPAN("smtpd")) ||
	    !(span_starts(column[0], SPAN("submission")) || span_equal(column[0], SPAN("smtps")) ||
	      span_ends(column[0], SPAN("587")) || span_ends(column[0], SPAN("465"))) ||
	    found->service_count == sizeof(found->services) / sizeof(found->services[0]))
		return;
	service.chrooted = span_equal(column[4], SPAN("y"));
	if (setup_take(service.name, sizeof(service.name), column[0], setup_is_word))
		found->services[found->service_count++] = service;
}

/* LMDB where it can be had: Postfix sees its changes in sessions that are open. */
static void postfix_map(const struct setup_root *root, struct span main, struct setup_found *found)
{
	static const char *const lmdb[] = { "/usr/lib/postfix/postfix-lmdb.so",
					    "/usr/lib64/postfix/postfix-lmdb.so",
					    "/usr/libexec/postfix/postfix-lmdb.so" };
	struct text value = { 0 };
	struct span type = main_get(main, "default_database_type", &value);

	snprintf(found->map, sizeof(found->map), "%s", span_equal(type, SPAN("btree")) ? "btree" : "hash");
	for (size_t i = 0; i < sizeof(lmdb) / sizeof(lmdb[0]); i++)
		if (setup_has(root, lmdb[i]) || span_equal(type, SPAN("lmdb")))
			snprintf(found->map, sizeof(found->map), "lmdb");
	text_free(&value);
}

/* Our own lines, from an earlier time: the port stands in them. */
static void postfix_ours(struct span main, struct setup_found *found)
{
	struct text logical = { .ceiling = MAIN_MOST };
	struct span ask = SPAN("check_policy_service { inet:127.0.0.1:");

	while (config_line(&main, &logical)) {
		struct span line = text_span(&logical), port;
		uint64_t number;

		if (span_find(line, SPAN("/etc/postfix/sendwatch_deny")) == line.len)
			continue;
		found->asks_us = true;
		line = span_from(line, span_find(line, ask) + ask.len);
		if (span_cut(&line, ',', &port) && span_to_u64(port, &number) && number > 0 && number < 65536)
			found->policy_port = (unsigned)number;
	}
	text_free(&logical);
}

void setup_look_postfix(const struct setup_root *root, struct setup_found *found)
{
	struct text file = { 0 }, master = { 0 }, value = { 0 }, logical = { .ceiling = MAIN_MOST };
	struct span main, rest;

	(void)setup_read(root, "/etc/postfix/main.cf", &file);
	(void)setup_read(root, "/etc/postfix/master.cf", &master);
	main = text_span(&file);
	rest = main_get(main, "maillog_file", &value);
	if (setup_is_path(rest) && setup_take(found->logs[0].path, SETUP_TEXT, rest, setup_is_path))
		found->log_count = 1;
	found->tags = span_find(main_get(main, "recipient_delimiter", &value), SPAN("+")) < value.len;
	setup_take(found->realm, SETUP_TEXT, main_get(main, "smtpd_sasl_local_domain", &value),
		   setup_is_domain);
	setup_take(found->host, SETUP_TEXT, main_get(main, "myhostname", &value), setup_is_domain);
	postfix_trusted(root, main_get(main, "mynetworks", &value), found);
	postfix_filter(text_span(&master), main_get(main, "content_filter", &value), found);
	setup_add(&found->sources, main_get(main, "smtp_bind_address", &value), setup_is_network);
	setup_add(&found->sources, main_get(main, "smtp_bind_address6", &value), setup_is_network);
	text_clear(&value);
	if (main_raw(main, SPAN("smtpd_recipient_restrictions"), &value))
		setup_take(found->restrictions, sizeof(found->restrictions), text_span(&value),
			   setup_is_line);
	text_clear(&value);
	if (main_raw(main, SPAN("authorized_submit_users"), &value) &&
	    span_find(text_span(&value), SPAN("/etc/postfix/sendwatch_users")) == value.len)
		setup_take(found->submit_users, sizeof(found->submit_users), text_span(&value),
			   setup_is_line);
	found->asks_policy = span_find(main, SPAN("check_policy_service")) < main.len;
	postfix_ours(main, found);
	rest = text_span(&master);
	while (config_line(&rest, &logical))
		master_service(text_span(&master), text_span(&logical), found);
	postfix_map(root, main, found);
	text_free(&logical);
	text_free(&value);
	text_free(&master);
	text_free(&file);
}
