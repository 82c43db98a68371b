/* What is asked of any store: those that keep everything at hand have nothing to send or to wait for. */
#include "detectors/store.h"

void store_free(struct store **store)
{
	if (*store != NULL)
		(*store)->calls->free(*store);
	*store = NULL;
}

void store_source(struct store *store, uint32_t source, struct span name)
{
	if (store->calls->source != NULL)
		store->calls->source(store, source, name);
}

void store_flush(struct store *store, usec_t now, bool hurry)
{
	if (store->calls->flush != NULL)
		store->calls->flush(store, now, hurry);
}

void store_settle(struct store *store)
{
	if (store->calls->settle != NULL)
		store->calls->settle(store);
}

int store_fd(const struct store *store)
{
	return store->calls->fd == NULL ? -1 : store->calls->fd(store);
}

bool store_clean(const struct store *store)
{
	return store->calls->clean == NULL || store->calls->clean(store);
}

bool store_full(const struct store *store)
{
	return store->calls->full != NULL && store->calls->full(store);
}

usec_t store_away(const struct store *store, struct error *why_r)
{
	return store->calls->away == NULL ? USEC_NEVER : store->calls->away(store, why_r);
}

bool store_claim(struct store *store, struct span account, enum account_state state, char id[VERDICT_ID_SIZE])
{
	return store->calls->claim == NULL || store->calls->claim(store, account, state, id);
}
