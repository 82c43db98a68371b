/*
 * What follow.c, which reads, and follow_watch.c, which hears of changes, share of one follower; nobody else's.
 */
#ifndef SENDWATCH_COLLECTOR_FOLLOW_H
#define SENDWATCH_COLLECTOR_FOLLOW_H

#include "collector/merge.h"
#include "collector/position.h"
#include "collector/source.h"
#include "collector/tail.h"
#include "collector/watcher.h"

struct follow {
	struct collector collector;
	struct collector_live_options options;
	char *positions_path;
	char **patterns;
	int *pattern_folders;
	size_t pattern_count;
	struct tail **tails;
	size_t count;
	struct positions positions; /* as saved last, with those of logs that are not there now */
	bool remembered;            /* there were saved positions at start */
	bool started;               /* the first round of names is over: what appears now is new */
	struct watcher *watcher;
	bool polling;
	bool all_dirty, names_dirty;
	usec_t poll_at; /* monotonic: when to look at everything again */
	struct merge merge;
	struct tail *given;
	unsigned turn;
	bool busy; /* lines were given since the last wait */
};

/* Watch all that TAIL is of: its file, its name, its folder. */
void follow_watch(struct follow *follow, struct tail *tail);

/* ... and the folders in which a glob's next file may appear. */
void follow_watch_patterns(struct follow *follow);

/* Take in what was heard: tails and names become dirty. */
void follow_hear(struct follow *follow);

/* How often everything is looked at although nothing was heard. */
usec_t follow_poll_every(const struct follow *follow);

/* Have the descriptor wake whoever waits when something is heard, and at the latest when something is due. */
void follow_wait(struct follow *follow);

#endif
