/*
 * The pieces of one followed log, from the oldest to the log itself, as its folder has them now; and where
 * among them a position lies.
 */
#ifndef SENDWATCH_COLLECTOR_PIECES_H
#define SENDWATCH_COLLECTOR_PIECES_H

#include "collector/piece.h"

struct pieces {
	struct piece **items;
	size_t count;
};

/* Open all. What cannot be opened is told through TROUBLE and left out. */
struct pieces pieces_list(const char *path, void (*trouble)(void *context, const char *words), void *context);

enum pieces_found {
	PIECES_FOUND,  /* the first piece is the one, and stands at the position */
	PIECES_AFTER,  /* the one is gone; what is there was written later */
	PIECES_NOTHING /* only the log itself may be there, and it is not known to be a continuation */
};

/*
 * Open those that come after POSITION, a place in this log. Logs may be rotated while it looks: a place that is not
 * found is looked for again as long as that makes a difference.
 */
enum pieces_found pieces_after(const char *path, const struct position *position, struct pieces *pieces_r,
			       void (*trouble)(void *context, const char *words), void *context);

/* Take the first piece out. */
struct piece *pieces_take(struct pieces *pieces);

void pieces_free(struct pieces *pieces);

#endif
