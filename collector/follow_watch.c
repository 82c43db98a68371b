/*
 * What a follower hears, and when it looks without having heard. Changes wake it at once when it was idle; while a
 * log is busy, FOLLOW_PACE bounds the wake-ups. Whatever inotify does not tell (network file systems, a link switched
 * in a folder above, a folder that came back) a slow poll finds. Where all that is known of is watched, that poll is
 * made when somebody else wakes the process, and wakes it itself only where nobody does.
 */
#define _GNU_SOURCE
#include "collector/follow.h"

#include "collector/names.h"

#include <stdlib.h>

#define FOLLOW_POLL      (30 * USEC_SECOND)        /* beside inotify */
#define FOLLOW_POLL_LATE (600 * USEC_SECOND)       /* with all watched, and nobody else awake */
#define FOLLOW_POLL_ONLY (USEC_SECOND / 2)         /* without */
#define FOLLOW_PACE      (50 * USEC_SECOND / 1000) /* between two wake-ups under load */

static void follow_unwatch(struct follow *follow, int number)
{
	for (size_t i = 0; i < follow->count; i++) {
		const struct tail *tail = follow->tails[i];

		if (tail->watch_file == number || tail->watch_path == number)
			return;
	}
	watcher_remove(follow->watcher, number);
}

void follow_watch(struct follow *follow, struct tail *tail)
{
	int file = tail->piece == NULL ? -1 : watcher_add_open(follow->watcher, tail->piece->fd);
	int path = watcher_add_file(follow->watcher, tail->path);
	int old_file = tail->watch_file, old_path = tail->watch_path;
	char *folder = names_folder(tail->path);

	tail->watch_folder = watcher_add_folder(follow->watcher, folder);
	free(folder);
	tail->watch_file = file;
	tail->watch_path = path;
	tail->renamed = false;
	if (tail->piece != NULL && path < 0 && file < 0)
		follow->polling = true; /* no more watches to be had */
	if (old_file >= 0 && old_file != file)
		follow_unwatch(follow, old_file);
	if (old_path >= 0 && old_path != path && old_path != old_file)
		follow_unwatch(follow, old_path);
}

void follow_watch_patterns(struct follow *follow)
{
	for (size_t i = 0; i < follow->pattern_count; i++) {
		char *folder = names_folder(follow->patterns[i]);

		if (strpbrk(folder, "*?[{") == NULL) /* a glob of folders is left to the poll */
			follow->pattern_folders[i] = watcher_add_folder(follow->watcher, folder);
		free(folder);
	}
}

static void follow_happened(void *context, int number, bool names)
{
	struct follow *follow = context;

	follow->all_dirty = follow->all_dirty || (number < 0 && names);
	for (size_t i = 0; names && i < follow->pattern_count; i++)
		follow->names_dirty = follow->names_dirty || follow->pattern_folders[i] == number;
	for (size_t i = 0; i < follow->count; i++) {
		struct tail *tail = follow->tails[i];

		if (tail->watch_file == number || tail->watch_path == number ||
		    tail->watch_folder == number) {
			tail->dirty = true;
			tail->renamed = tail->renamed || names;
		}
	}
}

void follow_hear(struct follow *follow)
{
	watcher_read(follow->watcher, follow_happened, follow);
}

usec_t follow_poll_every(const struct follow *follow)
{
	if (follow->options.poll_every != 0)
		return follow->options.poll_every;
	return follow->polling ? FOLLOW_POLL_ONLY : FOLLOW_POLL;
}

/* Is every file watched, and every folder in which one could appear? */
static bool follow_hears_all(const struct follow *follow)
{
	bool all = !follow->polling && follow->options.poll_every == 0;

	for (size_t i = 0; i < follow->count; i++) {
		const struct tail *tail = follow->tails[i];

		all = all && tail->watch_folder >= 0 && (tail->watch_path >= 0 || tail->piece == NULL);
	}
	for (size_t i = 0; i < follow->pattern_count; i++)
		all = all && (!names_is_pattern(follow->patterns[i]) || follow->pattern_folders[i] >= 0);
	return all;
}

void follow_wait(struct follow *follow)
{
	usec_t now = clock_monotonic();
	usec_t delay = follow->poll_at - now + (follow_hears_all(follow) ? FOLLOW_POLL_LATE : 0);

	for (size_t i = 0; i < follow->count; i++) {
		usec_t wake = follow->tails[i]->wake;

		if (wake != USEC_NEVER && wake - now < delay)
			delay = wake - now;
	}
	if (follow->busy && delay > FOLLOW_PACE)
		delay = FOLLOW_PACE;
	watcher_arm(follow->watcher, delay, follow->busy);
	follow->busy = false;
}
