/*
 * `sendwatch explain`: what a refusal means, whom it blames and what to do, from the same rules that judge.
 * Where no rule knows the words it says so, and shows what the codes alone say. It adds nothing of its own.
 */
#define _GNU_SOURCE
#include "base/text.h"
#include "commands/command.h"
#include "commands/options.h"
#include "parsers/parser.h"
#include "parsers/reply_codes.h"
#include "parsers/reply_text.h"
#include "responders/payload.h"

#include <stdlib.h>
#include <unistd.h>

#define EXPLAIN_COLUMNS 78
#define EXPLAIN_INDENT  12

struct explain {
	struct replies *replies;
	struct framer *framer;
	int format;
	size_t told, left; /* left out */
};

struct explanation {
	struct span reply;
	struct reply_meaning meaning;
	const struct reply_rule *words; /* of the rule, else of the class */
	struct span provider;           /* absent where nothing names one */
	enum event_phase phase;
};

/* --- text --- */

/* KEY and TEXT, wrapped between words, later lines indented alike. */
static void explain_field(const char *key, struct span text)
{
	size_t column = EXPLAIN_INDENT;
	struct text safe = { 0 };
	struct span rest, word;

	text_add_printable(&safe, text);
	rest = text_span(&safe);
	printf("  %-*s", EXPLAIN_INDENT - 2, key);
	while (rest.len > 0) {
		if (!span_cut(&rest, ' ', &word)) {
			word = rest;
			rest.len = 0;
		}
		if (word.len == 0)
			continue;
		if (column > EXPLAIN_INDENT && column + word.len + 1 > EXPLAIN_COLUMNS) {
			printf("\n%*s", EXPLAIN_INDENT, "");
			column = EXPLAIN_INDENT;
		}
		column += (size_t)printf("%s%.*s", column > EXPLAIN_INDENT ? " " : "", SPAN_ARGS(word));
	}
	putchar('\n');
	text_free(&safe);
}

static void explain_known(const char *key, const char *text)
{
	if (text != NULL && *text != '\0')
		explain_field(key, span_of(text));
}

/* What the codes alone say, in OUT; empty where they say nothing. */
static void explain_codes(const struct explanation *explanation, struct text *out)
{
	const uint8_t *enhanced = explanation->meaning.enhanced;
	const char *detail = reply_enhanced_sentence(enhanced);
	const char *code = reply_code_sentence(explanation->meaning.code);

	if (detail != NULL)
		text_add_format(out, "%u.%u.%u: %s", enhanced[0], enhanced[1], enhanced[2], detail);
	if (code != NULL)
		text_add_format(out, "%s%u: %s", detail != NULL ? " " : "", explanation->meaning.code, code);
}

static const char *explain_basis(enum reply_basis basis)
{
	switch (basis) {
	case REPLY_BASIS_RULE:
		return "rule";
	case REPLY_BASIS_ENHANCED:
		return "enhanced code";
	case REPLY_BASIS_CODE:
		return "code";
	case REPLY_BASIS_NONE:
		break;
	}
	return "none";
}

static void explain_text(struct explain *explain, const struct explanation *explanation)
{
	const struct reply_meaning *meaning = &explanation->meaning;
	struct text codes = { 0 };

	explain_codes(explanation, &codes);
	if (explain->told++ > 0)
		putchar('\n');
	explain_field("reply", explanation->reply);
	explain_known("class", reply_class_name(meaning->class));
	explain_known("blames", reply_class_blames(meaning->class));
	if (explanation->provider.at != NULL)
		explain_field("provider", explanation->provider);
	if (explanation->phase != PHASE_UNKNOWN)
		explain_known("phase", event_phase_name(explanation->phase));
	if (meaning->rule != NULL)
		explain_known("rule", meaning->rule->name);
	else
		explain_known("rule",
			      meaning->basis == REPLY_BASIS_NONE
				      ? "none knows these words, and the codes tell no cause"
				      : "none knows these words; the class is what the codes alone say");
	if (codes.len > 0)
		explain_field("codes", text_span(&codes));
	explain_known("meaning", explanation->words->meaning);
	explain_known("owner", explanation->words->owner);
	explain_known("admin", explanation->words->admin);
	explain_known("delist", explanation->words->delist);
	text_free(&codes);
}

/* --- NDJSON --- */

static void explain_print(struct payload *payload)
{
	char *json = payload_end(&payload);

	puts(json);
	free(json);
}

static void explain_json(const struct explanation *explanation)
{
	const struct reply_meaning *meaning = &explanation->meaning;
	const struct reply_rule *words = explanation->words;
	struct payload *payload = payload_begin("explanation");
	struct text codes = { 0 };
	char enhanced[16];

	explain_codes(explanation, &codes);
	snprintf(enhanced, sizeof(enhanced), "%u.%u.%u", meaning->enhanced[0], meaning->enhanced[1],
		 meaning->enhanced[2]);
	payload_add_text(payload, "reply", explanation->reply);
	payload_add_text(payload, "class", span_of(reply_class_name(meaning->class)));
	payload_add_text(payload, "blames", span_of(reply_class_blames(meaning->class)));
	payload_add_text(payload, "provider", explanation->provider);
	payload_add_text(
		payload, "phase",
		span_of(explanation->phase == PHASE_UNKNOWN ? NULL : event_phase_name(explanation->phase)));
	payload_add_text(payload, "rule", span_of(meaning->rule == NULL ? NULL : meaning->rule->name));
	payload_add_text(payload, "basis", span_of(explain_basis(meaning->basis)));
	payload_add_count(payload, "code", meaning->code);
	payload_add_text(payload, "enhanced", span_of(meaning->enhanced[0] == 0 ? NULL : enhanced));
	payload_add_text(payload, "codes", codes.len == 0 ? span_of(NULL) : text_span(&codes));
	payload_add_text(payload, "meaning", span_of(words->meaning));
	payload_add_text(payload, "owner", span_of(words->owner));
	payload_add_text(payload, "admin", span_of(words->admin));
	payload_add_text(payload, "delist", span_of(words->delist));
	explain_print(payload);
	text_free(&codes);
}

/* --- asking --- */

/* A whole log line: its reply, phase and relay. False where TEXT is not one, or has none; *LOG_R tells these apart. */
static bool explain_line(struct explain *explain, struct span text, struct reply_question *question_r,
			 bool *log_r)
{
	struct event event = { .uid = -1, .size = -1, .nrcpt = -1 };
	struct frame frame;

	*log_r = framer_cut(explain->framer, text, &frame);
	if (!*log_r)
		return false;
	parser_read(&frame, &event);
	if (event.kind != EVENT_RESULT && event.kind != EVENT_REJECT && event.kind != EVENT_REJECT_WARNING)
		return false;
	*question_r = (struct reply_question){
		.reply = event.reply.len > 0 ? event.reply : event.reason,
		.dsn = event.dsn,
		.relay = event.relay,
		.phase = event.phase,
		.outcome = event.outcome,
	};
	return question_r->reply.len > 0;
}

static void explain_one(struct explain *explain, struct span text)
{
	struct reply_question question;
	struct explanation explanation;
	bool log;

	if (!explain_line(explain, text, &question, &log)) {
		struct reply_text cut;

		reply_text_cut(text, &cut);
		if (log && cut.code == 0 && cut.enhanced[0] == 0) {
			explain->left++;
			return;
		}
		question = (struct reply_question){ .reply = cut.words, .phase = cut.phase };
	}
	explanation = (struct explanation){
		.reply = question.reply,
		.meaning = replies_classify(explain->replies, &question),
		.provider = reply_provider(question.relay),
		.phase = question.phase,
	};
	explanation.words = explanation.meaning.rule;
	if (explanation.words == NULL)
		explanation.words = replies_class(explain->replies, explanation.meaning.class);
	if (explanation.words->provider != NULL)
		explanation.provider = span_of(explanation.words->provider);
	if (explain->format == FORMAT_NDJSON)
		explain_json(&explanation);
	else
		explain_text(explain, &explanation);
}

static bool explain_input(struct explain *explain)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while ((len = getline(&line, &room, stdin)) >= 0) {
		struct span text = span_trim((struct span){ line, (size_t)len });

		if (text.len > 0)
			explain_one(explain, text);
	}
	free(line);
	return !ferror(stdin);
}

/* Words that were not quoted are one reply: sendwatch explain 550 5.1.1 no such user */
static void explain_names(struct explain *explain, const struct arguments *arguments)
{
	struct text joined = { 0 };

	for (size_t i = 0; i < arguments->count; i++) {
		if (i > 0)
			text_add(&joined, SPAN(" "));
		text_add(&joined, span_of(arguments->names[i]));
	}
	explain_one(explain, text_span(&joined));
	text_free(&joined);
}

static void explain_list(const struct explain *explain)
{
	const struct reply_rule *rule;

	for (size_t i = 0; (rule = replies_rule(explain->replies, i)) != NULL; i++) {
		if (explain->format != FORMAT_NDJSON) {
			printf("%-28s %-18s %s\n", rule->name, reply_class_name(rule->class), rule->pattern);
			continue;
		}
		struct payload *payload = payload_begin("rule");

		payload_add_text(payload, "name", span_of(rule->name));
		payload_add_text(payload, "class", span_of(reply_class_name(rule->class)));
		payload_add_text(payload, "provider", span_of(rule->provider));
		payload_add_text(payload, "pattern", span_of(rule->pattern));
		payload_add_text(payload, "meaning", span_of(rule->meaning));
		payload_add_text(payload, "owner", span_of(rule->owner));
		payload_add_text(payload, "admin", span_of(rule->admin));
		payload_add_text(payload, "delist", span_of(rule->delist));
		explain_print(payload);
	}
}

static int explain_run(struct explain *explain, const struct arguments *arguments)
{
	if (arguments->list) {
		explain_list(explain);
	} else if (arguments->count == 1 && strcmp(arguments->names[0], "-") == 0) {
		if (!explain_input(explain)) {
			fprintf(stderr, "sendwatch explain: standard input cannot be read\n");
			return EXIT_FAILED;
		}
	} else {
		explain_names(explain, arguments);
	}
	if (explain->left > 0)
		fprintf(stderr,
			"sendwatch explain: left out %zu line%s of a log that hold%s no answer of a server\n",
			explain->left, explain->left == 1 ? "" : "s", explain->left == 1 ? "s" : "");
	return EXIT_DONE;
}

int command_explain(const struct arguments *arguments)
{
	struct explain explain = { .format = arguments->format };
	const struct framer_options zone = { .timezone = "UTC", .written = USEC_NEVER };
	struct options options;
	struct error error;
	int status = EXIT_USAGE;

	if (arguments->list && arguments->count > 0) {
		fprintf(stderr, "sendwatch explain: --list prints all rules: no reply beside it\n");
		return EXIT_USAGE;
	}
	if (!arguments->list &&
	    (arguments->count == 0 || (arguments->count == 1 && *arguments->names[0] == '\0'))) {
		fprintf(stderr, "sendwatch explain: which reply? (quoted, or - for one a line from standard "
				"input)\n");
		return EXIT_USAGE;
	}
	if (!options_load(arguments, &options, &error)) {
		fprintf(stderr, "sendwatch explain: %s\n", error.text);
		return EXIT_USAGE;
	}
	explain.replies = replies_configured(&options.replies, &error);
	explain.framer = framer_new(&zone, &error);
	if (explain.replies != NULL && explain.framer != NULL)
		status = explain_run(&explain, arguments);
	else
		fprintf(stderr, "sendwatch explain: %s\n", error.text);
	framer_free(&explain.framer);
	replies_free(&explain.replies);
	options_free(&options);
	return status;
}
