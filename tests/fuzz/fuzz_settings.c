/*
 * A detect.conf from anybody: it is read whole or refused with words, and what was refused leaves the
 * defaults behind.
 */
#include "commands/options.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct options options = { 0 };
	struct error error = { "" };
	struct span text = { (const char *)data, size };

	if (!settings_read_text(options_sections(), "detect.conf", text, &options, &error) &&
	    error.text[0] == '\0')
		abort();
	settings_free(options_sections(), &options);
	return 0;
}
