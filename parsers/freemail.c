#include "parsers/freemail.h"

/* In many countries by the same name: yahoo.fr, hotmail.co.uk, yahoo.com.br. */
static const char *const freemail_names[] = { "gmx", "hotmail", "live", "outlook", "yahoo", "yandex" };

static const char *const freemail_domains[] = {
	"126.com",        "163.com",        "abv.bg",         "aim.com",     "alice.it",   "aol.com",
	"att.net",        "bellsouth.net",  "bigpond.com",    "bk.ru",       "bol.com.br", "btinternet.com",
	"centrum.cz",     "comcast.net",    "daum.net",       "foxmail.com", "free.fr",    "freenet.de",
	"gmail.com",      "googlemail.com", "hanmail.net",    "icloud.com",  "inbox.ru",   "interia.pl",
	"laposte.net",    "libero.it",      "list.ru",        "mac.com",     "mail.com",   "mail.ru",
	"me.com",         "msn.com",        "naver.com",      "o2.pl",       "onet.pl",    "orange.fr",
	"pm.me",          "proton.me",      "protonmail.com", "qq.com",      "rambler.ru", "rediffmail.com",
	"rocketmail.com", "sbcglobal.net",  "seznam.cz",      "sfr.fr",      "sina.com",   "sohu.com",
	"t-online.de",    "terra.com.br",   "tiscali.it",     "ukr.net",     "uol.com.br", "verizon.net",
	"virgilio.it",    "wanadoo.fr",     "web.de",         "wp.pl",       "ya.ru",      "ymail.com",
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool is_any(struct span text, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_equal_nocase(text, span_of(list[i])))
			return true;
	return false;
}

/* "com", "de", "co.uk", "com.br" */
static bool is_country(struct span ending)
{
	struct span first = ending, last;

	if (!span_cut_last(&first, SPAN("."), &last))
		return ending.len == 2 || span_equal_nocase(ending, SPAN("com")) ||
		       span_equal_nocase(ending, SPAN("net"));
	return last.len == 2 &&
	       (span_equal_nocase(first, SPAN("co")) || span_equal_nocase(first, SPAN("com")));
}

bool freemail_address(struct span address)
{
	struct span domain, ending, name;

	if (!span_cut_last(&address, SPAN("@"), &domain))
		return false;
	if (is_any(domain, freemail_domains, COUNT(freemail_domains)))
		return true;
	ending = domain;
	return span_cut(&ending, '.', &name) && is_country(ending) &&
	       is_any(name, freemail_names, COUNT(freemail_names));
}
