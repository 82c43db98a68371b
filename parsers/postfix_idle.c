/*
 * Words of Postfix that concern no account: connections, TLS, statistics, warnings; and trouble of the
 * server itself.
 */
#include "parsers/postfix.h"

static bool idle_starts_with_one(struct span words, const struct span *starts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_starts(words, starts[i]))
			return true;
	return false;
}

#define IDLE_ONE_OF(words, starts) idle_starts_with_one(words, starts, sizeof(starts) / sizeof((starts)[0]))

bool postfix_service_idle(struct span service)
{
	static const struct span services[] = {
		SPAN_INIT("anvil"),          SPAN_INIT("scache"),     SPAN_INIT("dnsblog"),
		SPAN_INIT("tlsproxy"),       SPAN_INIT("postlogd"),   SPAN_INIT("proxymap"),
		SPAN_INIT("verify"),         SPAN_INIT("tlsmgr"),     SPAN_INIT("flush"),
		SPAN_INIT("showq"),          SPAN_INIT("proxywrite"), SPAN_INIT("master"),
		SPAN_INIT("postfix-script"), SPAN_INIT("spawn"),      SPAN_INIT("postmap"),
	};

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (span_equal(service, services[i]))
			return true;
	return false;
}

bool postfix_read_idle(struct span words, struct event *event)
{
	static const struct span starts[] = {
		SPAN_INIT("connect from "),
		SPAN_INIT("disconnect from "),
		SPAN_INIT("lost connection after "),
		SPAN_INIT("timeout after "),
		SPAN_INIT("too many errors after "),
		SPAN_INIT("improper command pipelining after "),
		SPAN_INIT("statistics: "),
		SPAN_INIT("Anonymous TLS connection "),
		SPAN_INIT("Trusted TLS connection "),
		SPAN_INIT("Untrusted TLS connection "),
		SPAN_INIT("Verified TLS connection "),
		SPAN_INIT("setting up TLS connection "),
		SPAN_INIT("SSL_accept error "),
		SPAN_INIT("SSL_connect error "),
		SPAN_INIT("connect to "),
		SPAN_INIT("daemon started "),
		SPAN_INIT("starting the Postfix mail system"),
		SPAN_INIT("stopping the Postfix mail system"),
		SPAN_INIT("refreshing the Postfix mail system"),
		SPAN_INIT("reload "),
		SPAN_INIT("terminating on signal "),
	};

	event->kind = EVENT_IDLE;
	return IDLE_ONE_OF(words, starts);
}

bool postfix_read_warning(struct span words, struct event *event)
{
	(void)words;
	event->kind = EVENT_IDLE;
	event->reason = SPAN("warning");
	return true;
}
