#include "base/library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static bool library_find(struct library *library, void *calls, struct error *error)
{
	void *handle;

	handle = dlopen(library->files[0], RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL) {
		error_set(error, "%s", dlerror()); /* the first is what is to be installed */
		if (library->files[1] != NULL)
			handle = dlopen(library->files[1], RTLD_NOW | RTLD_LOCAL);
	}
	if (handle == NULL)
		return false;
	for (size_t i = 0; i < library->count; i++) {
		const struct library_function *function = &library->functions[i];
		void *symbol = dlsym(handle, function->name);

		if (symbol == NULL)
			return error_set(error, "%s has no %s", library->files[0], function->name);
		/* The standard has no conversion between the two kinds of pointer; POSIX gives them the same form. */
		memcpy((char *)calls + function->place, &symbol, sizeof(symbol));
	}
	return true;
}

bool library_load(struct library *library, void *calls, struct error *error)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	bool loaded;

	pthread_mutex_lock(&lock);
	library->loaded = library->loaded || library_find(library, calls, error);
	loaded = library->loaded;
	pthread_mutex_unlock(&lock);
	return loaded;
}
