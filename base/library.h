/*
 * Libraries that few runs need, loaded when the first of their functions is wanted. With all that they need
 * themselves, libcurl, libmicrohttpd, libcrypto, libsystemd and those that unpack would take seven of the nine
 * milliseconds that any command would need to start. Who uses one declares a struct of pointers to its functions, by
 * the types in the library's own header, and has it filled in before the first call.
 */
#ifndef SENDWATCH_BASE_LIBRARY_H
#define SENDWATCH_BASE_LIBRARY_H

#include "base/error.h"

#include <stddef.h>

struct library_function {
	const char *name; /* as the library exports it */
	size_t place;     /* of its pointer in the struct */
};

struct library {
	const char *files[2]; /* sonames; the second, or NULL, where the first is not there */
	const struct library_function *functions;
	size_t count;
	bool loaded; /* false until it is */
};

/* One that is not loaded yet, with the array of its FUNCTIONS. */
#define LIBRARY(file, other_file, functions) \
	{ \
		{ file, other_file }, functions, sizeof(functions) / sizeof((functions)[0]), false \
	}

/*
 * Fill CALLS in; at once true where it was before. It is never unloaded. False and ERROR where the library or a
 * function is not there. Any thread may ask.
 */
bool library_load(struct library *library, void *calls, struct error *error);

#endif
