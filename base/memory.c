/* Allocation that does not fail, checked against overflow of COUNT x SIZE. */
#define _GNU_SOURCE
#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define LARGE_PAGE ((size_t)2 * 1024 * 1024)
#define CACHE_LINE 64

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

/* Compilers must not know what is called, or they write it out. */
static void *(*const volatile memory_set)(void *, int, size_t) = memset;

void memory_clear(void *memory, size_t size)
{
	memory_set(memory, 0, size);
}

void *memory_grow(void *memory, size_t count, size_t size)
{
	void *grown = reallocarray(memory, count == 0 ? 1 : count, size == 0 ? 1 : size);

	if (grown == NULL)
		memory_gone(size);
	return grown;
}

void *memory_lines(size_t size)
{
	void *memory = NULL;

	if (posix_memalign(&memory, CACHE_LINE, size) != 0)
		memory_gone(size);
	return memory;
}

void *memory_large(size_t size)
{
	void *memory = NULL;

	if (posix_memalign(&memory, LARGE_PAGE, size) != 0)
		memory_gone(size);
#ifdef MADV_HUGEPAGE
	(void)madvise(memory, size, MADV_HUGEPAGE); /* where it is refused, pages are small */
#endif
	return memory;
}

void memory_trim(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}

char *memory_copy(struct span text)
{
	char *copy = memory_grow(NULL, text.len + 1, 1);

	if (text.len > 0)
		memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	return copy;
}
