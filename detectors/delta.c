/*
 * Reply classes become counters by whom they blame: the list, the content, our address, the amount. What
 * blames nobody of ours (greylisting, full mailboxes, networks) is temporary.
 */
#include "detectors/delta.h"

#include "base/hash.h"

uint32_t delta_hash(struct span text)
{
	return delta_hash_known(0, text);
}

uint32_t delta_hash_known(uint64_t stable, struct span text)
{
	if (text.len == 0)
		return 0;
	if (stable == 0)
		stable = hash_stable(text);
	return (uint32_t)stable == 0 ? 1 : (uint32_t)stable;
}

enum counter delta_outcome(enum reply_class class, enum event_outcome outcome)
{
	switch (class) {
	case REPLY_INVALID_RECIPIENT:
		return COUNT_INVALID;
	case REPLY_CONTENT_SPAM:
	case REPLY_CONTENT_MALWARE:
		return COUNT_SPAM;
	case REPLY_IP_LISTED:
	case REPLY_IP_BLOCKED:
		return COUNT_BLOCKED;
	case REPLY_RATE_LIMITED:
		return COUNT_LIMITED;
	case REPLY_SENDER_AUTH:
	case REPLY_SENDER_REJECTED:
	case REPLY_RELAY_DENIED:
	case REPLY_POLICY:
		return COUNT_REFUSED;
	case REPLY_DELIVERED:
		return COUNT_DELIVERED;
	case REPLY_UNKNOWN:
	case REPLY_MAILBOX_FULL:
	case REPLY_MAILBOX_DISABLED:
	case REPLY_GREYLISTED:
	case REPLY_MESSAGE_TOO_BIG:
	case REPLY_DNS:
	case REPLY_NETWORK:
	case REPLY_TLS:
	case REPLY_REMOTE_TEMPORARY:
	case REPLY_EXPIRED:
	case REPLY_LOOP:
	case REPLY_LOCAL_LIMIT:
	case REPLY_CLASSES:
		break;
	}
	return outcome == OUTCOME_DELIVERED ? COUNT_DELIVERED : COUNT_TEMPORARY;
}

/* Under the account's own address, or another of its domain? */
bool delta_foreign(const struct envelope *envelope)
{
	struct span account = envelope->account, sender = envelope->sender, domain, own;

	if (envelope->account_kind != ACCOUNT_LOGIN || sender.len == 0 || span_equal(sender, account))
		return false;
	if (!span_cut_last(&sender, SPAN("@"), &domain) || !span_cut_last(&account, SPAN("@"), &own))
		return false;
	return !span_equal_nocase(domain, own);
}

uint32_t delta_sender(const struct envelope *envelope, uint64_t account)
{
	struct span sender = envelope->sender, domain;

	if (envelope->account_kind == ACCOUNT_LOGIN && span_equal(sender, envelope->account))
		return delta_hash_known(account, sender);
	if (envelope->account_kind == ACCOUNT_LOGIN || !span_cut_last(&sender, SPAN("@"), &domain))
		return delta_hash(envelope->sender);
	return delta_hash(domain);
}

struct delta delta_of(const struct envelope *envelope, enum delta_kind kind, usec_t time,
		      struct origin origin)
{
	return (struct delta){
		.kind = kind,
		.account_kind = envelope->account_kind,
		.time = time,
		.count = 1,
		.client = origin.client,
		.network = origin.network,
		.country = origin.country,
		.subnet = origin.subnet,
	};
}
