/* What is to be asked of blocklists: the settings, and what is known from before. */
#ifndef SENDWATCH_RESPONDERS_DNSBL_PLAN_H
#define SENDWATCH_RESPONDERS_DNSBL_PLAN_H

#include "responders/dnsbl.h"

/* FOLDER is the state folder, or NULL. False, and MEMORY_R untouched, where a zone or an address is none. */
bool dnsbl_plan(const struct dnsbl_options *options, const char *folder, struct dnsbl_memory *memory_r,
		struct error *error);

#endif
