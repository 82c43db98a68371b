/*
 * A library that is not installed: the program under test asks for it by its name, and it is not there. What is loaded
 * once stays; a test that hides a library is the first of its program.
 */
#ifndef SENDWATCH_TESTS_HIDDEN_H
#define SENDWATCH_TESTS_HIDDEN_H

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static const char *hidden; /* the beginning of its name; NULL: all are there */

void *dlopen(const char *file, int mode)
{
	void *(*real)(const char *, int);
	void *symbol = dlsym(RTLD_NEXT, "dlopen");
	char nowhere[128];

	memcpy(&real, &symbol, sizeof(real));
	if (hidden == NULL || file == NULL || strncmp(file, hidden, strlen(hidden)) != 0)
		return real(file, mode);
	snprintf(nowhere, sizeof(nowhere), "/nowhere/%s", file);
	return real(nowhere, mode);
}

#endif
