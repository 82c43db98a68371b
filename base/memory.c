/* Allocation that does not fail, checked against overflow of COUNT x SIZE. */
#define _GNU_SOURCE
#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static _Noreturn void memory_gone(size_t size)
{
	fprintf(stderr, "sendwatch: no memory for %zu more bytes\n", size);
	abort();
}

void *memory_new(size_t count, size_t size)
{
	void *memory = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);

	if (memory == NULL)
		memory_gone(size);
	return memory;
}

void *memory_grow(void *memory, size_t count, size_t size)
{
	void *grown = reallocarray(memory, count == 0 ? 1 : count, size == 0 ? 1 : size);

	if (grown == NULL)
		memory_gone(size);
	return grown;
}

char *memory_copy(struct span text)
{
	char *copy = memory_new(text.len + 1, 1);

	if (text.len > 0)
		memcpy(copy, text.at, text.len);
	return copy;
}
