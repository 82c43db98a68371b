/*
 * What a follower waits for: changes of files and folders (inotify) and a moment in time, behind one
 * descriptor. Without inotify the moments are all there is.
 */
#ifndef SENDWATCH_COLLECTOR_WATCHER_H
#define SENDWATCH_COLLECTOR_WATCHER_H

#include "base/clock.h"
#include "base/error.h"

struct watcher;

/* POLLING: no inotify. */
struct watcher *watcher_new(bool polling, struct error *error);
void watcher_free(struct watcher **watcher);

int watcher_fd(const struct watcher *watcher);

/* The number that events of this file or folder carry; -1 where it cannot be watched. The same file has one number. */
int watcher_add_file(struct watcher *watcher, const char *path);
int watcher_add_open(struct watcher *watcher, int fd);
int watcher_add_folder(struct watcher *watcher, const char *path);
void watcher_remove(struct watcher *watcher, int number);

/* Tell HAPPENED of every change since the last call; number -1: some were lost. NAMES: not only what is in a file. */
void watcher_read(struct watcher *watcher, void (*happened)(void *context, int number, bool names),
		  void *context);

/*
 * Be readable in DELAY; USEC_NEVER: no moment. With DEAF, changes alone do not make it readable, so that a
 * busy log costs a bounded number of wake-ups.
 */
void watcher_arm(struct watcher *watcher, usec_t delay, bool deaf);

#endif
