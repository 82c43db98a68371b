/* Lines of Exim from anybody, in a log of its own and by syslog. */
#include "tests/fuzz/event.h"

static void parse(struct span line, struct span tag)
{
	struct frame frame = { .tag = tag, .text = line, .repeat = 1 };
	struct event event = { .mta = MTA_EXIM, .uid = -1, .size = -1, .nrcpt = -1, .repeat = 1 };

	(void)parser_exim.claims(&frame);
	parser_exim.parse(&frame, &event);
	event_check(&event, line, tag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const tags[] = { "", "exim", NULL };

	event_lines(data, size, tags, parse);
	return 0;
}
