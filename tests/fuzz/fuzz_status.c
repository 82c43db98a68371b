/*
 * A request to the status server, as text: first line the method and the target, then heads as "Name: value", an
 * empty line, the body. Whatever it is, the answer is one of the known ones, and a page in it holds no script.
 */
#include "commands/status_site.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span *fuzz_head(struct status_request *request, struct span name)
{
	const struct {
		struct span name;
		struct span *place;
	} heads[] = {
		{ SPAN("Host"), &request->host },
		{ SPAN("Origin"), &request->origin },
		{ SPAN("Sec-Fetch-Site"), &request->site },
		{ SPAN("Accept"), &request->accept },
		{ SPAN("Authorization"), &request->authorization },
		{ SPAN("User"), &request->user },
		{ SPAN("Password"), &request->password },
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (span_equal_nocase(heads[i].name, name))
			return heads[i].place;
	return NULL;
}

static struct status_request fuzz_request(struct span text)
{
	struct status_request request = { .local = text.len > 0 && (unsigned char)text.at[0] == 1 };
	struct span line, name;

	if (request.local)
		text = span_from(text, 1);
	if (!span_cut(&text, '\n', &line)) {
		line = text;
		text.len = 0;
	}
	if (!span_cut(&line, ' ', &request.method))
		request.method = SPAN("GET");
	request.target = line;
	while (span_cut(&text, '\n', &line) && line.len > 0)
		if (span_cut_text(&line, SPAN(": "), &name) && fuzz_head(&request, name) != NULL)
			*fuzz_head(&request, name) = line;
	request.body = text;
	return request;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char page[] = "page", name[] = "ours.example";
	static char *open_texts[] = { page }, *host_texts[] = { name };
	static struct status_options options = { .change = true,
						 .stuck_after = 30 * USEC_SECOND,
						 .lag = USEC_MINUTE };
	static struct status_site site;
	struct status_request request = fuzz_request((struct span){ (const char *)data, size });
	struct status_answer answer;

	if (site.desk == NULL) {
		options.hosts = (struct setting_list){ host_texts, 1 };
		options.open = (struct setting_list){ open_texts, 1 };
		site.options = &options;
		site.desk = desk_new();
		site.keys = (struct status_keys){ .user = "admin",
						  .password = "secret",
						  .token = "token",
						  .form = "0123",
						  .hosts = &options.hosts,
						  .open = &options.open };
	}
	status_answer(&site, &request, &answer);
	assert(answer.code == 200 || answer.code == 303 || answer.code == 401 || answer.code == 403 ||
	       answer.code == 404 || answer.code == 405 || answer.code == 409 || answer.code == 421 ||
	       answer.code == 500 || answer.code == 503);
	assert(answer.body.len > 0 && answer.type != NULL);
	assert(span_find_nocase(text_span(&answer.body), SPAN("<script")) == answer.body.len);
	for (const char *c = answer.location; *c != '\0'; c++)
		assert((unsigned char)*c > 0x20 && (unsigned char)*c < 0x7f);
	text_free(&answer.body);
	return 0;
}
