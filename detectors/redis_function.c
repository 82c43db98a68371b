/*
 * The library's name carries its version: two versions of sendwatch can share one Redis while servers are
 * upgraded one by one.
 */
#include "detectors/redis_function.h"

#include "base/text.h"

#include <assert.h>
#include <stdio.h>

#define FUNCTION_LIBRARY "sendwatch_1"

__asm__(".pushsection .rodata\n"
	"redis_swap_text: .incbin \"detectors/redis_swap.lua\"\n"
	"redis_swap_end: .byte 0\n"
	".popsection\n");

extern const char redis_swap_text[], redis_swap_end[];

static struct span function_body(void)
{
	return (struct span){ redis_swap_text, (size_t)(redis_swap_end - redis_swap_text) };
}

static bool function_load_library(struct redis *redis, struct redis_reply *reply, struct error *error)
{
	struct text code = { 0 };
	bool loaded;

	text_add(&code, SPAN("#!lua name=" FUNCTION_LIBRARY "\n"
			     "redis.register_function('" FUNCTION_LIBRARY "_swap', function(keys, args)\n"));
	text_add(&code, function_body());
	text_add(&code, SPAN("end)\n"));
	loaded = redis_ask(
		redis, (struct span[]){ SPAN("FUNCTION"), SPAN("LOAD"), SPAN("REPLACE"), text_span(&code) },
		4, reply, error);
	text_free(&code);
	return loaded;
}

static bool function_load_script(struct redis_function *function, struct redis *redis,
				 struct redis_reply *reply, struct error *error)
{
	struct text code = { 0 };
	bool loaded;

	text_add(&code, SPAN("local keys, args = KEYS, ARGV\n"));
	text_add(&code, function_body());
	loaded = redis_ask(redis, (struct span[]){ SPAN("SCRIPT"), SPAN("LOAD"), text_span(&code) }, 3, reply,
			   error);
	text_free(&code);
	if (loaded)
		snprintf(function->hash, sizeof(function->hash), "%.*s", SPAN_ARGS(reply->text));
	return loaded;
}

bool redis_function_load(struct redis_function *function, struct redis *redis, struct error *error)
{
	struct redis_reply reply;

	if (function->loaded)
		return true;
	function->script = false;
	if (!function_load_library(redis, &reply, error)) {
		function->script = true;
		if (!function_load_script(function, redis, &reply, error))
			return false;
	}
	function->loaded = true;
	return true;
}

void redis_function_queue(const struct redis_function *function, struct redis *redis, struct span key,
			  const struct span *arguments, size_t count)
{
	struct span words[12] = {
		function->script ? SPAN("EVALSHA") : SPAN("FCALL"),
		function->script ? span_of(function->hash) : SPAN(FUNCTION_LIBRARY "_swap"),
		SPAN("1"),
		key,
	};

	assert(count <= 8);
	memcpy(words + 4, arguments, count * sizeof(*arguments));
	redis_queue(redis, words, count + 4);
}

bool redis_function_missing(struct span refusal)
{
	return span_starts(refusal, SPAN("NOSCRIPT")) || span_starts(refusal, SPAN("ERR Function not found"));
}
