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

/* What stays as it is when new settings come. */
struct watch_lasting {
	struct act *act; /* whom it stopped stays so */
	struct tally tally;
	struct unstopped unstopped;
	struct resume_calls learning; /* may learning from the logs' past go on? */
};

/* What each set of settings has of its own. */
struct watch_work {
	struct options
		*options; /* in force for all that is here; act and the status page load theirs themselves */
	struct watch_lasting *lasting;
	struct deliver *deliver;
	struct pipeline *pipeline;
	struct health *health;
	struct dnsbl *dnsbl; /* NULL where no blocklist is asked */
	struct collector *collector;
	struct marks *marks; /* how far the collector is, for the next snapshot */
	struct resume
		resume; /* how far the one before was, by the last snapshot; at work until watch_work_open returns */
	struct blindness blindness;
	struct address_lists *lists;
};

/*
 * Everything from the settings that ARGUMENTS lead to, or nothing; all that is known and not told of yet was learned
 * from the logs when it returns. LASTING and WORK stay where they are while WORK is open: its parts point to them.
 */
bool watch_work_open(struct watch_work *work, struct watch_lasting *lasting,
		     const struct arguments *arguments, struct error *error);
void watch_work_close(struct watch_work *work);

#endif
