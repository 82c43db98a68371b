/*
 * Names of accounts. Most logins are plain lower-case ASCII: one pass over a table decides byte by byte
 * what is copied, folded or escaped, and only bytes above 0x7f are looked at as UTF-8.
 */
#include "parsers/account.h"

#include "base/hash.h"
#include "base/near.h"

#include <assert.h>
#include <stdio.h>

#define ACCOUNT_TAIL 18 /* "\~" and 16 hex digits */

/* Bytes of the well-formed UTF-8 sequence above ASCII at the front that is no C1 control; 0 for others. */
static size_t account_utf8(struct span text)
{
	unsigned char byte = (unsigned char)text.at[0];
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (byte >= 0xc2 && byte <= 0xdf) {
		len = 2;
		low = byte == 0xc2 ? 0xa0 : 0x80;
	} else if (byte >= 0xe0 && byte <= 0xef) {
		len = 3;
		low = byte == 0xe0 ? 0xa0 : 0x80;
		high = byte == 0xed ? 0x9f : 0xbf;
	} else if (byte >= 0xf0 && byte <= 0xf4) {
		len = 4;
		low = byte == 0xf0 ? 0x90 : 0x80;
		high = byte == 0xf4 ? 0x8f : 0xbf;
	} else {
		return 0;
	}
	if (text.len < len || (unsigned char)text.at[1] < low || (unsigned char)text.at[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (((unsigned char)text.at[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* Append at most what has room. False where it does not fit: nothing is appended. */
static bool account_put(struct account_name *name, const char *at, size_t len)
{
	if (name->len + len > ACCOUNT_LONGEST - ACCOUNT_TAIL)
		return false;
	memcpy(name->at + name->len, at, len);
	name->len += len;
	return true;
}

static bool account_put_escaped(struct account_name *name, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";
	const char escaped[4] = { '\\', 'x', digits[byte >> 4], digits[byte & 15] };

	return account_put(name, escaped, sizeof(escaped));
}

struct account_style {
	bool fold;  /* to lower case */
	bool colon; /* is escaped */
};

/* What stands in a name as it is, in every style: a-z, 0-9, '-', '.', '/' and '@'. */
static const bool account_is_plain[256] = {
	['a'] = true, ['b'] = true, ['c'] = true, ['d'] = true, ['e'] = true, ['f'] = true, ['g'] = true,
	['h'] = true, ['i'] = true, ['j'] = true, ['k'] = true, ['l'] = true, ['m'] = true, ['n'] = true,
	['o'] = true, ['p'] = true, ['q'] = true, ['r'] = true, ['s'] = true, ['t'] = true, ['u'] = true,
	['v'] = true, ['w'] = true, ['x'] = true, ['y'] = true, ['z'] = true, ['0'] = true, ['1'] = true,
	['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true, ['6'] = true, ['7'] = true, ['8'] = true,
	['9'] = true, ['-'] = true, ['.'] = true, ['/'] = true, ['@'] = true,
};

/* How many bytes at the front are plain. */
static size_t account_plain(struct span text)
{
	size_t len = 0;

	while (len < text.len && account_is_plain[(unsigned char)text.at[len]])
		len++;
	return len;
}

/* What does not fit is replaced by a hash of the whole, so that long names stay apart. */
static void account_add(struct account_name *name, struct span text, struct account_style style)
{
	size_t plain = account_plain(text);

	/* Nearly all names are plain from end to end, and copied in one piece. */
	if (plain > 0 && !account_put(name, text.at, plain))
		plain = 0;
	for (size_t i = plain; i < text.len;) {
		char byte = text.at[i];
		size_t len = 1;
		bool fits;

		if (style.fold && byte >= 'A' && byte <= 'Z')
			byte = (char)(byte + ('a' - 'A'));
		if (byte > ' ' && byte < 0x7f && byte != '\\' && (byte != ':' || !style.colon)) {
			fits = account_put(name, &byte, 1);
		} else if ((len = account_utf8(span_from(text, i))) > 0) {
			fits = account_put(name, text.at + i, len);
		} else {
			len = 1;
			fits = account_put_escaped(name, (unsigned char)byte);
		}
		if (!fits) {
			name->len += (size_t)snprintf(name->at + name->len, ACCOUNT_TAIL + 1, "\\~%016llx",
						      (unsigned long long)hash_stable(text));
			return;
		}
		i += len;
	}
}

static struct span account_span(const struct account_name *name)
{
	assert(name->len < sizeof(name->at));
	return (struct span){ name->at, name->len };
}

/* A prefix of ours, which no escaped login can have, then TEXT. */
static struct span account_prefixed(struct span prefix, struct span text, bool fold,
				    struct account_name *name)
{
	name->len = 0;
	if (text.len == 0)
		return account_span(name);
	account_put(name, prefix.at, prefix.len);
	account_add(name, text, (struct account_style){ .fold = fold });
	return account_span(name);
}

/* Where the tag begins in the local part; the whole length where there is none, or nothing before it. */
static size_t account_tag(struct span local)
{
	const char *plus = local.len < 2 ? NULL : memchr(local.at + 1, '+', local.len - 1);

	return plus == NULL ? local.len : (size_t)(plus - local.at);
}

struct span account_login(const struct account_rules *rules, struct span login, struct account_name *name)
{
	struct account_style style = { .fold = rules->fold_case, .colon = true };
	struct span local = login, domain = { NULL, 0 };
	bool has_domain = span_cut_last(&local, SPAN("@"), &domain);
	char joined[2 * ACCOUNT_SIZE];

	name->len = 0;
	if (login.len == 0)
		return account_span(name);
	/* Panels write a whole address as bob+example.com: what has a dot is no tag of a bare login. */
	if (rules->fold_tags && (has_domain || memchr(local.at + account_tag(local), '.',
						      local.len - account_tag(local)) == NULL))
		local.len = account_tag(local);
	if (!has_domain)
		domain = rules->default_domain;
	/* With a domain and without a tag it is the login as it stands. */
	if (has_domain && local.len + 1 + domain.len == login.len) {
		account_add(name, login, style);
		return account_span(name);
	}
	if ((has_domain || domain.len > 0) && local.len + 1 + domain.len <= sizeof(joined)) {
		memcpy(joined, local.at, local.len);
		joined[local.len] = '@';
		memcpy(joined + local.len + 1, domain.at, domain.len);
		login = (struct span){ joined, local.len + 1 + domain.len };
	} else if (!has_domain) {
		login = local;
	}
	account_add(name, login, style);
	return account_span(name);
}

/*
 * Sixteen bytes at a time, the last ones overlapping: a fifth of what looking at each costs, and every login is
 * asked.
 */
struct account_kinds {
	near_bytes plain, ats;
};

static void account_look(const char *at, struct account_kinds *kinds)
{
	near_bytes bytes;

	memcpy(&bytes, at, sizeof(bytes));
	kinds->ats |= (near_bytes)(bytes == '@');
	kinds->plain &= (near_bytes)(bytes == '@') | (near_bytes)(bytes - 'a' <= 'z' - 'a') |
			(near_bytes)(bytes - '-' <= '9' - '-'); /* - . / and digits */
}

bool account_is_login(struct span login)
{
	struct account_kinds kinds = { .plain = ~(near_bytes){ 0 }, .ats = { 0 } };

	if (login.len > ACCOUNT_LONGEST - ACCOUNT_TAIL)
		return false;
	if (login.len < NEAR_STEP)
		return account_plain(login) == login.len && span_find(login, SPAN("@")) < login.len;
	for (size_t i = 0; i + NEAR_STEP < login.len; i += NEAR_STEP)
		account_look(login.at + i, &kinds);
	account_look(login.at + login.len - NEAR_STEP, &kinds);
	return near_any(kinds.ats) && !near_any(~kinds.plain);
}

bool account_is_name(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f)
			return false;
	return text.len > 0 && text.len <= ACCOUNT_LONGEST;
}

/* How many lower-case hex digits are at the front. */
static size_t account_hex(struct span text)
{
	size_t len = 0;

	while (len < text.len &&
	       ((text.at[len] >= '0' && text.at[len] <= '9') || (text.at[len] >= 'a' && text.at[len] <= 'f')))
		len++;
	return len;
}

bool account_is_escaped(struct span text)
{
	struct span before;
	bool escaped = false;

	if (!account_is_name(text))
		return false;
	while (span_cut(&text, '\\', &before)) {
		escaped = true;
		if (!(span_skip(&text, SPAN("x")) && account_hex(text) >= 2) &&
		    !(span_skip(&text, SPAN("~")) && account_hex(text) == 16 && text.len == 16))
			return false;
	}
	return escaped;
}

struct span account_local(struct span user, struct account_name *name)
{
	return account_prefixed(SPAN("local:"), user, false, name);
}

struct span account_script(struct span directory, struct account_name *name)
{
	return account_prefixed(SPAN("script:"), directory, false, name);
}

struct span account_host(struct span address, struct account_name *name)
{
	return account_prefixed(SPAN("host:"), address, true, name);
}

struct span account_sender(struct span sender, struct account_name *name)
{
	struct span domain = { NULL, 0 };

	if (!span_cut_last(&sender, SPAN("@"), &domain))
		domain.len = 0;
	return account_prefixed(SPAN("sender:"), domain, true, name);
}
