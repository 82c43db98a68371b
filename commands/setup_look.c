/*
 * Who is on this machine: mail servers by their programs, settings and processes, the panel by the file that only it
 * has, and what else the settings of sendwatch can use. And what a text of a stranger's file may be.
 */
#define _GNU_SOURCE
#include "commands/setup_found.h"

#include <stdio.h>

static const struct setup_panel setup_panels[] = {
	{ "cpanel", "cPanel", "/usr/local/cpanel/version", "/etc/userdomains", NULL, false },
	{ "plesk", "Plesk", "/usr/local/psa/version", NULL, NULL, false },
	{ "directadmin", "DirectAdmin", "/usr/local/directadmin/directadmin", "/etc/virtual/domainowners",
	  NULL, true },
	{ "hestiacp", "HestiaCP", "/usr/local/hestia/bin", NULL, NULL, false },
	{ "cyberpanel", "CyberPanel", "/usr/local/CyberCP", NULL, "/etc/sendwatch/cyberpanel.cnf", true },
	{ "ispconfig", "ISPConfig", "/usr/local/ispconfig/server", NULL, "/etc/sendwatch/ispconfig.cnf",
	  true },
	{ "mailcow", "mailcow", "/opt/mailcow-dockerized/mailcow.conf", NULL, "/etc/sendwatch/mailcow.curl",
	  false },
	{ "iredmail", "iRedMail", "/etc/iredmail-release", NULL, "/etc/sendwatch/iredmail.cnf", true },
	{ "virtualmin", "Virtualmin", "/etc/webmin/virtual-server/config", NULL, NULL, false },
	{ "postfixadmin", "PostfixAdmin", "/etc/postfixadmin", NULL, "/etc/sendwatch/postfixadmin.cnf",
	  true },
};

bool setup_line(struct span *rest, struct span *line_r)
{
	if (rest->len == 0)
		return false;
	if (!span_cut(rest, '\n', line_r)) {
		*line_r = *rest;
		*rest = (struct span){ NULL, 0 };
	}
	return true;
}

static bool setup_is_of(struct span value, const char *others)
{
	for (size_t i = 0; i < value.len; i++) {
		char byte = value.at[i];

		if (!((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
		      (byte >= 'A' && byte <= 'Z') || (byte != '\0' && strchr(others, byte) != NULL)))
			return false;
	}
	return value.len > 0;
}

bool setup_is_path(struct span value)
{
	return value.len > 1 && value.at[0] == '/' && setup_is_of(value, "/._-+@");
}

bool setup_is_domain(struct span value)
{
	return setup_is_of(value, ".-") && value.at[0] != '-' && value.at[0] != '.';
}

bool setup_is_word(struct span value)
{
	return setup_is_of(value, "._-:[]") && value.at[0] != '-';
}

bool setup_is_network(struct span value)
{
	struct span address, bits = value;
	uint8_t bytes[16];
	uint64_t number;

	if (!span_cut(&bits, '/', &address))
		return span_to_address(value, bytes);
	return span_to_u64(bits, &number) &&
	       number <= (memchr(address.at, ':', address.len) == NULL ? 32 : 128) &&
	       span_to_address(address, bytes);
}

bool setup_is_line(struct span value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] < ' ' || value.at[i] > '~')
			return false;
	return value.len > 0;
}

bool setup_take(char *place, size_t size, struct span value, bool (*good)(struct span))
{
	if (value.len >= size || !good(value))
		return false;
	snprintf(place, size, "%.*s", SPAN_ARGS(value));
	return true;
}

bool setup_add(struct setup_texts *texts, struct span value, bool (*good)(struct span))
{
	for (size_t i = 0; i < texts->count; i++)
		if (span_equal(span_of(texts->of[i]), value))
			return true;
	if (texts->count == SETUP_LIST) {
		texts->more = texts->more || good(value);
		return false;
	}
	if (!setup_take(texts->of[texts->count], SETUP_TEXT, value, good))
		return false;
	texts->count++;
	return true;
}

struct look {
	const struct setup_root *root;
	struct setup_found *found;
};

/* A process is known by its name; Postfix's, which is called "master", by its path as well. */
static bool look_process(void *context, const char *name)
{
	const struct look *look = context;
	struct setup_found *found = look->found;
	struct text text = { 0 };
	char path[64];
	struct span comm;

	if (strspn(name, "0123456789") != strlen(name) || strlen(name) > 10)
		return true;
	snprintf(path, sizeof(path), "/proc/%s/comm", name);
	(void)setup_read(look->root, path, &text);
	comm = span_trim(text_span(&text));
	found->exim.running |= span_equal(comm, SPAN("exim4")) || span_equal(comm, SPAN("exim"));
	found->dovecot.running |= span_equal(comm, SPAN("dovecot"));
	found->redis.running |= span_equal(comm, SPAN("redis-server")) ||
				span_equal(comm, SPAN("valkey-server"));
	if (span_equal(comm, SPAN("master"))) {
		snprintf(path, sizeof(path), "/proc/%s/cmdline", name);
		(void)setup_read(look->root, path, &text);
		found->postfix.running |= span_find(text_span(&text), SPAN("postfix")) < text.len;
	}
	text_free(&text);
	return true;
}

static bool look_any(const struct setup_root *root, const char *const *paths)
{
	for (; *paths != NULL; paths++)
		if (setup_has(root, *paths))
			return true;
	return false;
}

static void look_first(const struct setup_root *root, const char *const *paths, char *place)
{
	for (; *paths != NULL && *place == '\0'; paths++)
		if (setup_has(root, *paths))
			snprintf(place, SETUP_TEXT, "%s", *paths);
}

static void look_servers(const struct setup_root *root, struct setup_found *found)
{
	static const char *const postfix[] = { "/usr/sbin/postfix", "/usr/lib/postfix/sbin/master",
					       "/usr/libexec/postfix/master", "/etc/postfix/main.cf", NULL };
	static const char *const exim[] = { "/usr/sbin/exim4", "/usr/sbin/exim", NULL };
	static const char *const dovecot[] = { "/usr/sbin/dovecot", NULL };
	struct look look = { root, found };

	found->postfix.installed = look_any(root, postfix);
	found->exim.installed = look_any(root, exim);
	found->dovecot.installed = look_any(root, dovecot);
	setup_each(root, "/proc", look_process, &look);
	/* In a container of its own, as mailcow's is, it is seen running alone. */
	found->postfix.installed |= found->postfix.running;
	found->exim.installed |= found->exim.running;
	found->dovecot.installed |= found->dovecot.running;
	/* Of two that are installed, the one that runs is meant. */
	if (found->postfix.installed && found->exim.installed &&
	    found->postfix.running != found->exim.running) {
		found->postfix.installed = found->postfix.running;
		found->exim.installed = found->exim.running;
	}
}

/* Has FILE a line that begins with HEAD, and is there more in it than blanks? */
static bool look_line(const struct setup_root *root, const char *path, struct span head, struct span *value_r,
		      struct text *text)
{
	struct span rest, line;

	(void)setup_read(root, path, text);
	rest = text_span(text);
	while (setup_line(&rest, &line))
		if (span_skip(&line, head) && span_trim(line).len > 0) {
			*value_r = span_trim(line);
			return true;
		}
	return false;
}

static void look_rest(const struct setup_root *root, struct setup_found *found)
{
	static const char *const geo[] = {
		"/usr/share/GeoIP/GeoLite2-Country.mmdb", "/var/lib/GeoIP/GeoLite2-Country.mmdb",
		"/usr/share/GeoIP/GeoLite2-City.mmdb",    "/var/lib/GeoIP/GeoLite2-City.mmdb",
		"/usr/share/dbip/dbip-country-lite.mmdb", NULL
	};
	static const char *const shares[] = { "/usr/share/sendwatch", "/usr/local/share/sendwatch", NULL };
	static const char *const auths[] = { "/etc/dovecot/conf.d/10-auth.conf", "/etc/dovecot/dovecot.conf",
					     NULL };
	struct text text = { 0 };
	struct span value;

	look_first(root, geo, found->geo);
	look_first(root, shares, found->share);
	if (*found->share == '\0')
		snprintf(found->share, SETUP_TEXT, "/usr/share/sendwatch");
	look_first(root, auths, found->dovecot_auth);
	found->dovecot_named = look_line(root, "/etc/dovecot/dovecot.conf", SPAN("dovecot_config_version"),
					 &value, &text);
	if (*found->host == '\0' && look_line(root, "/etc/mailname", SPAN(""), &value, &text))
		setup_take(found->host, SETUP_TEXT, value, setup_is_domain);
	if (*found->host == '\0' && look_line(root, "/etc/hostname", SPAN(""), &value, &text))
		setup_take(found->host, SETUP_TEXT, value, setup_is_domain);
	found->root_alias = look_line(root, "/etc/aliases", SPAN("root:"), &value, &text);
	found->user = look_line(root, "/etc/passwd", SPAN("sendwatch:"), &value, &text);
	for (size_t i = 0; i < sizeof(setup_panels) / sizeof(setup_panels[0]) && found->panel == NULL; i++)
		if (setup_has(root, setup_panels[i].marker))
			found->panel = &setup_panels[i];
	text_free(&text);
}

void setup_look(const struct setup_root *root, usec_t when, struct setup_found *found_r)
{
	*found_r = (struct setup_found){ .log_count = 0 };
	look_servers(root, found_r);
	if (found_r->postfix.installed)
		setup_look_postfix(root, found_r);
	if (found_r->exim.installed)
		setup_look_exim(root, found_r);
	setup_look_logs(root, when, found_r);
	setup_look_network(root, found_r);
	look_rest(root, found_r);
}
