/* Names of accounts stand in braces, so that an account's keys share a slot of a cluster. */
#include "detectors/redis_record.h"

#include "base/pack.h"
#include "detectors/record_pack.h"

bool reached_covers(const struct reached *reached, struct reached line)
{
	for (unsigned i = 0; i < REDIS_SOURCES; i++)
		if (reached[i].source == line.source)
			return line.position <= reached[i].position;
	return false;
}

void reached_raise(struct reached *reached, struct reached line)
{
	unsigned at = 0;

	while (at < REDIS_SOURCES - 1 && reached[at].source != line.source && reached[at].source != 0)
		at++;
	if (reached[at].source == line.source && reached[at].position > line.position)
		line.position = reached[at].position;
	memmove(reached + 1, reached, at * sizeof(*reached));
	reached[0] = line;
}

bool reached_within(const struct reached *theirs, const struct reached *ours)
{
	for (unsigned i = 0; i < REDIS_SOURCES; i++)
		if (theirs[i].source != 0 && !reached_covers(ours, theirs[i]))
			return false;
	return true;
}

void redis_record_pack(const struct reached *reached, const struct record *record, struct text *into)
{
	unsigned count = 0;

	while (count < REDIS_SOURCES && reached[count].source != 0)
		count++;
	pack_number(into, count);
	for (unsigned i = 0; i < count; i++) {
		pack_number(into, reached[i].source);
		pack_number(into, reached[i].position);
	}
	record_pack(record, into);
}

bool redis_record_unpack(struct span bytes, struct reached *reached, struct record *record)
{
	struct unpack from = { .rest = bytes };
	unsigned count = (unsigned)unpack_bounded(&from, REDIS_SOURCES);

	memset(reached, 0, REDIS_SOURCES * sizeof(*reached));
	for (unsigned i = 0; i < count; i++) {
		reached[i].source = unpack_number(&from);
		reached[i].position = unpack_number(&from);
	}
	return !from.broken && record_unpack(record, from.rest);
}

struct redis_options redis_options_of_groups(const struct redis_options *options, struct text *prefix)
{
	struct redis_options groups = *options;

	text_add_format(prefix, "%s:group", options->prefix);
	groups.prefix = prefix->at;
	groups.flush = options->flush * 25;
	groups.batch = options->batch * 4;
	return groups;
}

static bool account_is_of_machine(struct span account)
{
	return span_starts(account, SPAN("local:")) || span_starts(account, SPAN("script:"));
}

void redis_account_name(const struct redis_options *options, struct span account, struct text *name)
{
	text_add(name, account);
	/* Always: who may make a folder called x@mx2 is nobody on mx2. */
	if (account_is_of_machine(account))
		text_add_format(name, "@%s", options->host);
}

struct span redis_account_here(const struct redis_options *options, struct span name)
{
	struct span account = name, host;

	return account_is_of_machine(name) && span_cut_last(&account, SPAN("@"), &host) &&
			       span_equal(host, span_of(options->host))
		       ? account
		       : name;
}

void redis_claim_key(const char *prefix, enum account_state state, bool late, struct span name,
		     struct text *key)
{
	text_add_format(key, "%s:claim:%s%s:{%.*s}", prefix, late ? "late-" : "", state_name(state),
			SPAN_ARGS(name));
}

void redis_record_key(const char *prefix, struct span name, struct text *key)
{
	text_add_format(key, "%s:%d:{%.*s}", prefix, RECORD_PACK_VERSION, SPAN_ARGS(name));
}
