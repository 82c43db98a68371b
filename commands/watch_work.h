/*
 * What watch builds from its settings: logs to lines, lines to verdicts, verdicts to those who are told, and how
 * these are wired. New settings replace it whole.
 */
#ifndef SENDWATCH_COMMANDS_WATCH_WORK_H
#define SENDWATCH_COMMANDS_WATCH_WORK_H

#include "commands/act.h"
#include "commands/address_lists.h"
#include "commands/blindness.h"
#include "commands/blocklists.h"
#include "commands/deliver.h"
#include "commands/options.h"
#include "commands/pipeline.h"
#include "commands/resume.h"
#include "commands/tally.h"
#include "commands/unstopped.h"

struct watch_work {
	struct options *options;
	struct act *act;             /* the same through all settings: whom it stopped stays so */
	struct tally *tally;         /* likewise */
	struct unstopped *unstopped; /* likewise */
	struct resume_calls calls;
	struct deliver *deliver;
	struct pipeline *pipeline;
	struct health *health;
	struct dnsbl *dnsbl; /* NULL where no blocklist is asked */
	struct collector *collector;
	struct marks *marks;
	struct resume resume;
	struct blindness blindness;
	struct address_lists *lists;
};

/*
 * Everything from the settings that ARGUMENTS lead to, or nothing; all that is known and not told of yet was learned
 * from the logs when it returns. WORK->act, tally, unstopped and calls are set by the caller. WORK stays where it is
 * while it is open: its parts point to it.
 */
bool watch_work_open(struct watch_work *work, const struct arguments *arguments, struct error *error);
void watch_work_close(struct watch_work *work);

#endif
