/*
 * What is remembered of blocklists, from any bytes: what was read and is written down reads as the same, once
 * more; and a name to ask for is made of every address that was taken.
 */
#include "responders/dnsbl_memory.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dnsbl_memory first, second;
	struct text once = { 0 }, twice = { 0 };

	dnsbl_memory_parse((struct span){ (const char *)data, size }, &first);
	dnsbl_memory_print(&first, &once);
	dnsbl_memory_parse(text_span(&once), &second);
	dnsbl_memory_print(&second, &twice);
	assert(span_equal(text_span(&once), text_span(&twice)));
	for (size_t i = 0; i < first.row_count; i++) {
		char name[DNSBL_NAME];

		assert(dnsbl_name(first.rows[i].address, first.rows[i].zone, name));
		assert(strlen(name) < DNSBL_NAME);
	}
	text_free(&once);
	text_free(&twice);
	dnsbl_memory_free(&first);
	dnsbl_memory_free(&second);
	return 0;
}
