/* What is asked of any store: those that keep everything at hand have nothing to send or to wait for. */
#include "detectors/store.h"

#include "base/text.h"

void store_free(struct store **store)
{
	if (*store != NULL)
		(*store)->calls->free(*store);
	*store = NULL;
}

/* Windows of groups can wait, for many changes of one go out as one; who is suspicious should be known soon. */
#define URGENT_EVERY (USEC_SECOND / 5)

void store_source(struct store *store, uint32_t source, struct span name)
{
	struct text whose = { 0 };

	/* Hosts of one name have logs of one name. */
	if (store->server != 0)
		text_add_format(&whose, "%016llx ", (unsigned long long)store->server);
	text_add(&whose, name);
	if (store->beside != NULL && store->beside->calls->source != NULL)
		store->beside->calls->source(store->beside, source, text_span(&whose));
	if (store->calls->source != NULL)
		store->calls->source(store, source, text_span(&whose));
	text_free(&whose);
}

static void beside_flush(struct store *beside, usec_t now, bool hurry)
{
	bool urgent = beside->urgent && now - beside->hurried >= URGENT_EVERY;
	uint64_t calls = beside->calls->stats(beside).calls;

	store_flush(beside, now, hurry || urgent);
	if (beside->calls->stats(beside).calls == calls)
		return;
	beside->urgent = false;
	beside->hurried = now;
}

void store_flush(struct store *store, usec_t now, bool hurry)
{
	if (store->calls->flush != NULL)
		store->calls->flush(store, now, hurry);
	if (store->beside == NULL)
		return;
	beside_flush(store->beside, now, hurry);
	if (store->learned != NULL)
		store->learned(store->context, now);
}

void store_settle(struct store *store)
{
	if (store->calls->settle != NULL)
		store->calls->settle(store);
	if (store->beside != NULL)
		store_settle(store->beside);
}

int store_fd(const struct store *store)
{
	return store->calls->fd == NULL ? -1 : store->calls->fd(store);
}

bool store_clean(const struct store *store)
{
	return (store->calls->clean == NULL || store->calls->clean(store)) &&
	       (store->beside == NULL || store_clean(store->beside));
}

bool store_full(const struct store *store)
{
	return (store->calls->full != NULL && store->calls->full(store)) ||
	       (store->beside != NULL && store_full(store->beside));
}

usec_t store_away(const struct store *store, struct error *why_r)
{
	usec_t away = store->calls->away == NULL ? USEC_NEVER : store->calls->away(store, why_r);

	return away == USEC_NEVER && store->beside != NULL ? store_away(store->beside, why_r) : away;
}

bool store_claim(struct store *store, struct span account, enum account_state state, bool late,
		 char id[VERDICT_ID_SIZE])
{
	return store->calls->claim == NULL || store->calls->claim(store, account, state, late, id);
}

void store_ended(struct store *store, struct record *record)
{
	if (store->calls->ended != NULL)
		store->calls->ended(store, record);
}
