/*
 * The status server of watch: the page, metrics and health over HTTP, from threads of its own, so that a slow reader
 * holds up nobody and an answer comes also while the loop hangs. It is off unless [status] listen says where.
 */
#ifndef SENDWATCH_COMMANDS_STATUS_H
#define SENDWATCH_COMMANDS_STATUS_H

#include "commands/status_desk.h"

struct status;

/* With settings of its own, from ARGUMENTS. NULL and ERROR where it cannot listen or its secrets cannot be read. */
struct status *status_open(const struct arguments *arguments, struct error *error);
void status_close(struct status **status);

/* Take new settings; on failure the old ones stay. */
bool status_reload(struct status *status, const struct arguments *arguments, struct error *error);

/* The loop's side; see status_desk.h. Nothing happens where the server is off. */
int status_fd(const struct status *status); /* -1 where it is off */
void status_turn(struct status *status, const struct board_view *view, desk_obey *obey, void *context);
void status_enter(struct status *status, enum desk_phase phase);

/* What would not work, without listening; for `sendwatch check`. False and ERROR, or WORDS on what it does. */
bool status_check(const struct options *options, struct text *words, struct error *error);

#endif
