/*
 * What "journal:..." names: a systemd journal, and which of its entries.
 *
 *	journal:                                              this machine's, facility mail
 *	journal:unit=postfix@-.service+unit=dovecot.service   entries of these units alone
 *	journal:/var/log/journal/remote+facility=mail         a folder of journals, or one journal file
 *	journal:namespace=mail                                LogNamespace=mail
 *
 * Terms stand between plus signs, as journalctl takes alternatives; an entry is wanted when any of unit=,
 * identifier= and facility= holds of it. The unit is told by the kernel and cannot be forged; facility and
 * identifier are the sender's own words, as they are in any syslog file.
 */
#ifndef SENDWATCH_COLLECTOR_JOURNALD_NAME_H
#define SENDWATCH_COLLECTOR_JOURNALD_NAME_H

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

struct journald_name {
	char *path;     /* a folder or a file; NULL: this machine's journal */
	char *space;    /* the namespace; NULL: the default one */
	char **matches; /* "FIELD=value" as the journal stores it; any one does */
	size_t count;   /* at least 1 */
	usec_t since;   /* entries before are not wanted; USEC_NEVER: all are */
	char *log;      /* the name without `since`, which is the same for every reading */
};

bool journald_name_is(const char *log);

bool journald_name_parse(const char *log, struct journald_name *name_r, struct error *error);

void journald_name_free(struct journald_name *name);

#endif
