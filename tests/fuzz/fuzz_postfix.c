/* Lines of Postfix from anybody. */
#include "tests/fuzz/event.h"

static void parse(struct span line, struct span tag)
{
	struct frame frame = { .tag = tag, .text = line, .repeat = 1 };
	struct event event;

	parser_read(&frame, &event);
	event_check(&event, line, tag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const tags[] = { "postfix/smtpd", "postfix/smtp", "postfix", NULL };

	event_lines(data, size, tags, parse);
	return 0;
}
