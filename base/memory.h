/*
 * Memory that is there: where the system has none left, the program says so and stops, since it could
 * neither judge nor remember any further. What can grow with its input is bounded by its owner instead.
 */
#ifndef SENDWATCH_BASE_MEMORY_H
#define SENDWATCH_BASE_MEMORY_H

#include "base/span.h"

#include <stddef.h>

/* COUNT zeroed members of SIZE bytes. */
void *memory_new(size_t count, size_t size);

/* MEMORY (or NULL) with room for COUNT members of SIZE bytes; what is new is not zeroed. */
void *memory_grow(void *memory, size_t count, size_t size);

/* SIZE bytes, not zeroed, that begin at a line of the processor's cache. */
void *memory_lines(size_t size);

/* Zeros, by the C library's vectors: for some hundred bytes they are twice as fast as what compilers write out. */
void memory_clear(void *memory, size_t size);

/*
 * SIZE bytes, not zeroed, for what is megabytes long and written through: in pages of 2 MiB where the system gives
 * them, which saves a fault for each 4 KiB.
 */
void *memory_large(size_t size);

/* Gives back to the system what is free in whole pages: the C library keeps it where something stands behind it. */
void memory_trim(void);

/* A NUL-terminated copy, owned by the caller (free). */
char *memory_copy(struct span text);

#endif
