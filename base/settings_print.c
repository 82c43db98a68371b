/*
 * The tables of settings, printed: as detect.conf with every key commented out at its default, and as the
 * part of detect.conf(5) that describes them. Both come from the same rows that the reader obeys.
 */
#include "base/settings_value.h"

#define PRINT_WIDTH 98

/* Words folded at WIDTH, each line after LEAD. */
static void print_folded(const char *lead, const char *words, FILE *out)
{
	size_t column = 0;

	while (*words != '\0') {
		size_t word = strcspn(words, " ");

		if (column > 0 && column + 1 + word > PRINT_WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		if (column == 0)
			column = (size_t)fprintf(out, "%s", lead);
		else
			column += (size_t)fprintf(out, " ");
		column += (size_t)fprintf(out, "%.*s", (int)word, words);
		words += word;
		words += strspn(words, " ");
	}
	fputc('\n', out);
}

static void print_row(const struct setting *row, FILE *out)
{
	struct text about = { 0 }, bounds = { 0 };

	setting_bounds(row, &bounds);
	text_add(&about, span_of(row->about));
	if (bounds.len > 0)
		text_add_format(&about, " (%s)", bounds.at);
	fputc('\n', out);
	print_folded("# ", about.at, out);
	fprintf(out, ";%s =%s%s\n", row->name, *row->fallback == '\0' ? "" : " ", row->fallback);
	text_free(&about);
	text_free(&bounds);
}

void settings_print(const struct settings_section *sections, FILE *out)
{
	for (; sections->name != NULL; sections++) {
		fputc('\n', out);
		print_folded("## ", sections->about, out);
		/* A repeated section has no default member, so its header is an example as its keys are. */
		fprintf(out, sections->repeated ? ";[%s example]\n" : "[%s]\n", sections->name);
		for (const struct setting *row = sections->settings; row->name != NULL; row++)
			print_row(row, out);
	}
}

/* Text of a table in mdoc: a line that begins with a dot or a quote would be a request. */
static void print_manual_words(const char *words, FILE *out)
{
	if (*words == '.' || *words == '\'')
		fputs("\\&", out);
	for (; *words != '\0'; words++)
		if (*words == '\\')
			fputs("\\e", out);
		else if (*words == '-')
			fputs("\\-", out);
		else
			fputc(*words, out);
	fputc('\n', out);
}

void settings_print_manual(const struct settings_section *sections, FILE *out)
{
	struct text kind = { 0 };

	for (; sections->name != NULL; sections++) {
		fprintf(out, ".Ss [%s%s]\n", sections->name, sections->repeated ? " NAME" : "");
		print_manual_words(sections->about, out);
		fputs(".Bl -tag -width indent\n", out);
		for (const struct setting *row = sections->settings; row->name != NULL; row++) {
			fprintf(out, ".It Cm %s\n", row->name);
			print_manual_words(row->about, out);
			text_clear(&kind);
			setting_describe(row, &kind);
			text_add_format(&kind, "; %s%s.",
					*row->fallback == '\0' ? "empty by default" : "default ",
					row->fallback);
			fputs(".br\n", out);
			print_manual_words(kind.at, out);
		}
		fputs(".El\n", out);
	}
	text_free(&kind);
}
