/*
 * Whose mail exchanger a host name is. Big receivers run a few MX domains for thousands of recipient
 * domains, and filter services stand before other people's servers: who judges our address is who owns
 * the MX. A name that no row knows is its own provider, by its registered domain.
 *
 * Registered domains are told without the public suffix list: two labels, or three under a country code
 * whose second level is one of the usual words ("co.uk"). Grouping somewhat too wide or too fine harms nobody.
 */
#include "parsers/reply.h"

#include "base/hash.h"

struct provider_row {
	const char *suffix;
	const char *name;
};

/* In the order of their bytes, for a binary search. */
static const struct provider_row provider_rows[] = {
	{ "126.com", "netease" },
	{ "163.com", "netease" },
	{ "1and1.com", "ionos" },
	{ "a1.net", "a1" },
	{ "alice.it", "tim" },
	{ "aliyun.com", "aliyun" },
	{ "amazonaws.com", "amazon" },
	{ "antispamcloud.com", "spamexperts" },
	{ "antispameurope.com", "hornetsecurity" },
	{ "aol.com", "yahoo" },
	{ "appriver.com", "appriver" },
	{ "arcor.de", "vodafone" },
	{ "arsmtp.com", "appriver" },
	{ "aruba.it", "aruba" },
	{ "arubabusiness.it", "aruba" },
	{ "att.net", "yahoo" },
	{ "barracudanetworks.com", "barracuda" },
	{ "bigpond.com", "telstra" },
	{ "bluewin.ch", "swisscom" },
	{ "btinternet.com", "bt" },
	{ "centrum.cz", "centrum" },
	{ "charter.net", "charter" },
	{ "cloudfilter.net", "cloudmark" },
	{ "cloudflare.net", "cloudflare" },
	{ "cloudmark.com", "cloudmark" },
	{ "comcast.net", "comcast" },
	{ "cox.net", "cox" },
	{ "coxmail.com", "cox" },
	{ "daum.net", "kakao" },
	{ "dion.ne.jp", "kddi" },
	{ "docomo.ne.jp", "docomo" },
	{ "dreamhost.com", "dreamhost" },
	{ "earthlink.net", "earthlink" },
	{ "emailsrvr.com", "rackspace" },
	{ "ezweb.ne.jp", "kddi" },
	{ "fireeyecloud.com", "trellix" },
	{ "forwardemail.net", "forwardemail" },
	{ "free.fr", "free" },
	{ "freenet.de", "freenet" },
	{ "gandi.net", "gandi" },
	{ "gmx.com", "gmx" },
	{ "gmx.net", "gmx" },
	{ "google.com", "google" },
	{ "googlemail.com", "google" },
	{ "googlemail.l.google.com", "google" },
	{ "gpphosted.com", "proofpoint" },
	{ "hes.trendmicro.com", "trendmicro" },
	{ "hinet.net", "hinet" },
	{ "home.pl", "home.pl" },
	{ "hornetsecurity.com", "hornetsecurity" },
	{ "hostedemail.com", "tucows" },
	{ "hostinger.com", "hostinger" },
	{ "hotmail.com", "microsoft" },
	{ "icloud.com", "apple" },
	{ "iij.ad.jp", "iij" },
	{ "infomaniak.ch", "infomaniak" },
	{ "interia.pl", "interia" },
	{ "ionos.com", "ionos" },
	{ "ionos.de", "ionos" },
	{ "iphmx.com", "cisco" },
	{ "italiaonline.it", "libero" },
	{ "jellyfish.systems", "namecheap" },
	{ "jubii.dk", "jubii" },
	{ "juno.com", "juno" },
	{ "kasserver.com", "all-inkl" },
	{ "kpnmail.nl", "kpn" },
	{ "kundenserver.de", "ionos" },
	{ "laposte.net", "laposte" },
	{ "libero.it", "libero" },
	{ "locaweb.com.br", "locaweb" },
	{ "mac.com", "apple" },
	{ "mail.am0.yahoodns.net", "yahoo" },
	{ "mail.protection.outlook.com", "microsoft" },
	{ "mail.ru", "mail.ru" },
	{ "mailanyone.net", "fusemail" },
	{ "mailbox.org", "mailbox.org" },
	{ "mailchannels.net", "mailchannels" },
	{ "mailcontrol.com", "forcepoint" },
	{ "mailgun.org", "mailgun" },
	{ "mailspamprotection.com", "siteground" },
	{ "me.com", "apple" },
	{ "messagelabs.com", "symantec" },
	{ "messagingengine.com", "fastmail" },
	{ "migadu.com", "migadu" },
	{ "mimecast.co.za", "mimecast" },
	{ "mimecast.com", "mimecast" },
	{ "mpsmtp.net", "vadesecure" },
	{ "mx.microsoft", "microsoft" },
	{ "mxlogic.net", "mcafee" },
	{ "mxthunder.net", "spamhero" },
	{ "naver.com", "naver" },
	{ "netease.com", "netease" },
	{ "netsolmail.net", "networksolutions" },
	{ "nifty.com", "nifty" },
	{ "o2.pl", "wp.pl" },
	{ "ocn.ad.jp", "ocn" },
	{ "olc.protection.outlook.com", "microsoft" },
	{ "onet.pl", "onet" },
	{ "orange.fr", "orange" },
	{ "outlook.com", "microsoft" },
	{ "ovh.net", "ovh" },
	{ "perfora.net", "ionos" },
	{ "pobox.com", "fastmail" },
	{ "posteo.de", "posteo" },
	{ "pphosted.com", "proofpoint" },
	{ "ppe-hosted.com", "proofpoint" },
	{ "prodigy.net", "att" },
	{ "protection.outlook.com", "microsoft" },
	{ "proton.ch", "proton" },
	{ "protonmail.ch", "proton" },
	{ "psmtp.com", "google" },
	{ "qq.com", "qq" },
	{ "rambler.ru", "rambler" },
	{ "rediffmail.com", "rediff" },
	{ "registrar-servers.com", "namecheap" },
	{ "reinjectmail.com", "forcepoint" },
	{ "retarus.com", "retarus" },
	{ "rr.com", "charter" },
	{ "rzone.de", "strato" },
	{ "sbcglobal.net", "att" },
	{ "secureserver.net", "godaddy" },
	{ "seznam.cz", "seznam" },
	{ "sfr.fr", "sfr" },
	{ "shaw.ca", "shaw" },
	{ "sina.com", "sina" },
	{ "sina.com.cn", "sina" },
	{ "skynet.be", "proximus" },
	{ "softbank.jp", "softbank" },
	{ "sohu.com", "sohu" },
	{ "sophos.com", "sophos" },
	{ "spamexperts.com", "spamexperts" },
	{ "spamh.com", "spamhero" },
	{ "spectrum.com", "charter" },
	{ "stackmail.com", "20i" },
	{ "strato.de", "strato" },
	{ "symantec.com", "symantec" },
	{ "symanteccloud.com", "symantec" },
	{ "synacor.com", "synacor" },
	{ "t-online.de", "t-online" },
	{ "talktalk.net", "talktalk" },
	{ "telenet-ops.be", "telenet" },
	{ "telenet.be", "telenet" },
	{ "telus.net", "telus" },
	{ "terra.com", "terra" },
	{ "terra.com.br", "terra" },
	{ "tim.it", "tim" },
	{ "tin.it", "tim" },
	{ "tiscali.it", "tiscali" },
	{ "titan.email", "titan" },
	{ "trendmicro.com", "trendmicro" },
	{ "trendmicro.eu", "trendmicro" },
	{ "ud-mail.de", "united-domains" },
	{ "ukr.net", "ukr.net" },
	{ "uol.com.br", "uol" },
	{ "vadesecure.com", "vadesecure" },
	{ "verizon.net", "verizon" },
	{ "videotron.ca", "videotron" },
	{ "virginmedia.com", "virginmedia" },
	{ "virgilio.it", "libero" },
	{ "vodafone-ip.de", "vodafone" },
	{ "wanadoo.fr", "orange" },
	{ "web.de", "gmx" },
	{ "windstream.net", "windstream" },
	{ "wp.pl", "wp.pl" },
	{ "xs4all.nl", "kpn" },
	{ "xserver.jp", "xserver" },
	{ "yahoo.co.jp", "yahoo.co.jp" },
	{ "yahoo.com", "yahoo" },
	{ "yahoodns.net", "yahoo" },
	{ "yandex.net", "yandex" },
	{ "yandex.ru", "yandex" },
	{ "ziggo.nl", "ziggo" },
	{ "zix.com", "zix" },
	{ "zixworks.com", "zix" },
	{ "zoho.com", "zoho" },
	{ "zoho.eu", "zoho" },
	{ "zohomail.com", "zoho" },
};

#define PROVIDER_ROWS (sizeof(provider_rows) / sizeof(provider_rows[0]))

static int provider_compare(struct span text, const char *suffix)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char have = (unsigned char)text.at[i], want = (unsigned char)suffix[i];

		if (have >= 'A' && have <= 'Z')
			have |= 0x20;
		if (have != want || want == '\0')
			return have < want ? -1 : 1;
	}
	return suffix[text.len] == '\0' ? 0 : -1;
}

static const struct provider_row *provider_find(struct span suffix)
{
	size_t low = 0, high = PROVIDER_ROWS;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int side = provider_compare(suffix, provider_rows[middle].suffix);

		if (side == 0)
			return &provider_rows[middle];
		if (side < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Where the last label before END begins. */
static size_t provider_label(struct span host, size_t end)
{
	while (end > 0 && host.at[end - 1] != '.')
		end--;
	return end;
}

static bool provider_second_level(struct span label)
{
	static const char *const words[] = { "co", "com", "net", "org", "gov", "ac",  "edu",
					     "or", "ne",  "go",  "gob", "gv",  "ltd", "me",
					     "in", "ad",  "nom", "web", "gen" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_equal_nocase(label, span_of(words[i])))
			return true;
	return false;
}

static struct span provider_domain(struct span host)
{
	size_t top = provider_label(host, host.len), second, third;

	if (top == 0)
		return (struct span){ NULL, 0 };
	second = provider_label(host, top - 1);
	if (second == 0 || host.len - top != 2 ||
	    !provider_second_level((struct span){ host.at + second, top - 1 - second }))
		return span_from(host, second);
	third = provider_label(host, second - 1);
	return span_from(host, third);
}

struct span reply_provider(struct span relay)
{
	const char *bracket = relay.len == 0 ? NULL : memchr(relay.at, '[', relay.len);
	const struct provider_row *best = NULL;
	uint8_t address[16];

	if (bracket != NULL)
		relay.len = (size_t)(bracket - relay.at);
	while (relay.len > 0 && relay.at[relay.len - 1] == '.')
		relay.len--;
	if (relay.len == 0 || relay.len > 255 || memchr(relay.at, '.', relay.len) == NULL ||
	    memchr(relay.at, '/', relay.len) != NULL || span_to_address(relay, address))
		return (struct span){ NULL, 0 };
	/* From the right: the longest suffix that is known wins. */
	for (size_t end = relay.len, labels = 0; end > 0 && labels < 5; labels++) {
		size_t start = provider_label(relay, end);
		const struct provider_row *row = labels == 0 ? NULL : provider_find(span_from(relay, start));

		if (row != NULL)
			best = row;
		end = start == 0 ? 0 : start - 1;
	}
	return best != NULL ? span_of(best->name) : provider_domain(relay);
}

/* Five searches a name, for the few hundred names that a day's mail goes to: remembered, a tenth of the price. */
struct span reply_provider_known(struct providers_known *known, struct span relay, uint64_t relay_hash,
				 uint64_t *hash_r)
{
	uint64_t hash = (relay_hash != 0 ? relay_hash : hash_text(relay)) | 1;
	struct provider_known *place = &known->places[(hash >> 32) % PROVIDERS_KNOWN];
	struct span provider;
	bool inside;

	*hash_r = 0;
	if (relay.len == 0)
		return (struct span){ NULL, 0 };
	if (place->hash == hash) {
		*hash_r = place->provider;
		if (place->name != NULL)
			return (struct span){ place->name, place->len };
		return place->len > 0 ? span_head(span_from(relay, place->from), place->len)
				      : (struct span){ NULL, 0 };
	}
	provider = reply_provider(relay);
	inside = provider.at >= relay.at && provider.at < relay.at + relay.len;
	*hash_r = hash_stable(provider);
	*place = (struct provider_known){ .hash = hash,
					  .provider = *hash_r,
					  .name = inside ? NULL : provider.at,
					  .from = inside ? (uint16_t)(provider.at - relay.at) : 0,
					  .len = (uint16_t)provider.len };
	return provider;
}
