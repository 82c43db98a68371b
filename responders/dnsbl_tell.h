/* What blocklists say, as verdicts for responders and words for people. */
#ifndef SENDWATCH_RESPONDERS_DNSBL_TELL_H
#define SENDWATCH_RESPONDERS_DNSBL_TELL_H

#include "responders/dnsbl.h"

/* ROW is listed, or no longer: a verdict at NOW, with whom HEALTH (or NULL) has seen doing most harm. */
void dnsbl_tell(const struct dnsbl_row *row, usec_t now, const struct health *health,
		const struct dnsbl_calls *calls);

/* What is wrong with a list, or that nothing is any more. */
void dnsbl_tell_fault(const struct dnsbl_side *side, const struct dnsbl_calls *calls);

#endif
