/* detect.conf: what people write becomes values; what they mistype is named with file, line and the nearest key. */
#define _GNU_SOURCE
#include "base/memory.h"
#include "base/settings.h"
#include "base/settings_nearest.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct garden {
	bool open;
	int64_t trees, soil;
	double share, height;
	usec_t winter;
	char *name;
	struct setting_list birds;
	int season;
};

struct visitor {
	char *name;
	char *url;
	usec_t timeout;
};

struct whole {
	struct garden garden;
	struct settings_many visitors;
};

static const char *const seasons[] = { "spring", "autumn", NULL };

static const struct setting garden_settings[] = {
	SETTING(FLAG, struct garden, open, "no", 0, 0, "may people come in"),
	SETTING(COUNT, struct garden, trees, "10", 1, 1000000, "how many trees"),
	SETTING(BYTES, struct garden, soil, "64k", 0, 0, "how much soil"),
	SETTING(PERCENT, struct garden, share, "2", 0, 100, "share of weeds"),
	SETTING(NUMBER, struct garden, height, "1.5", 0, 0, "of the hedge"),
	SETTING(DURATION, struct garden, winter, "1h", USEC_SECOND, 100 * USEC_DAY, "how long winter lasts"),
	SETTING(TEXT, struct garden, name, "", 0, 0, "what it is called"),
	SETTING(LIST, struct garden, birds, "tit, finch", 0, 0, "who sings"),
	SETTING_CHOICE_OF(struct garden, season, "spring", seasons, "when it is"),
	{ .name = NULL },
};

static const struct setting visitor_settings[] = {
	SETTING(TEXT, struct visitor, url, "", 0, 0, "where from"),
	SETTING(DURATION, struct visitor, timeout, "10s", 0, 0, "how long we wait"),
	{ .name = NULL },
};

static const struct settings_section sections[] = {
	{ "garden", "The garden.", garden_settings, sizeof(struct garden), offsetof(struct whole, garden),
	  false },
	{ "visitor", "Who comes.", visitor_settings, sizeof(struct visitor), offsetof(struct whole, visitors),
	  true },
	{ .name = NULL },
};

static void test_values(void **state)
{
	struct whole whole = { 0 };
	struct error error = { "" };

	(void)state;
	assert_true(settings_read_text(sections, "t",
				       SPAN("\xef\xbb\xbf# hello\n[garden]\nopen = yes ; for now\n"
					    "trees=64k\nsoil = 2M\r\n\n  share = 5 %\nheight = -0.25\n"
					    "winter = 1h 30m\nname = Kew; Gardens\n"
					    "birds = owl\n\trook, jay\nbirds = wren\nseason = Autumn"),
				       &whole, &error));
	assert_true(whole.garden.open);
	assert_int_equal(whole.garden.trees, 64000);
	assert_int_equal(whole.garden.soil, 2 * 1024 * 1024);
	assert_true(whole.garden.share > 0.0499 && whole.garden.share < 0.0501);
	assert_true(whole.garden.height < -0.2 && whole.garden.height > -0.3);
	assert_int_equal(whole.garden.winter, 90 * USEC_MINUTE);
	assert_string_equal(whole.garden.name, "Kew; Gardens");
	assert_int_equal(whole.garden.birds.count, 4);
	assert_string_equal(whole.garden.birds.texts[0], "owl");
	assert_string_equal(whole.garden.birds.texts[2], "jay");
	assert_string_equal(whole.garden.birds.texts[3], "wren");
	assert_int_equal(whole.garden.season, 1);
	settings_free(sections, &whole);
}

/* A comma between braces is the value's own: files = /var/log/{mail,relay}.log */
static void test_braces(void **state)
{
	static const char *const wanted[] = { "/x/{a,b}.log", "{c,{d,e}}", "f", "}g", "{h", "i" };
	struct whole whole = { 0 };
	struct error error = { "" };

	(void)state;
	assert_true(settings_read_text(sections, "t",
				       SPAN("[garden]\nbirds = /x/{a,b}.log, {c,{d,e}} , f,}g\n  {h,i\n"),
				       &whole, &error));
	assert_int_equal(whole.garden.birds.count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(whole.garden.birds.texts[i], wanted[i]);
	settings_free(sections, &whole);
}

static void test_defaults(void **state)
{
	struct whole whole = { 0 };
	struct error error;

	(void)state;
	assert_true(settings_read_text(sections, "t", SPAN(""), &whole, &error));
	assert_int_equal(whole.garden.trees, 10);
	assert_int_equal(whole.garden.birds.count, 2);
	assert_null(whole.garden.name);
	assert_int_equal(whole.visitors.count, 0);
	settings_free(sections, &whole);
}

static void test_repeated(void **state)
{
	struct whole whole = { 0 };
	struct error error = { "" };
	const struct visitor *visitors;

	(void)state;
	assert_true(settings_read_text(sections, "t",
				       SPAN("[visitor ann]\nurl = http://a/\n[visitor bob]\ntimeout = 1m\n"),
				       &whole, &error));
	assert_int_equal(whole.visitors.count, 2);
	visitors = whole.visitors.items;
	assert_string_equal(visitors[0].name, "ann");
	assert_string_equal(visitors[0].url, "http://a/");
	assert_int_equal(visitors[0].timeout, 10 * USEC_SECOND);
	assert_string_equal(visitors[1].name, "bob");
	assert_null(visitors[1].url);
	assert_int_equal(visitors[1].timeout, USEC_MINUTE);
	settings_free(sections, &whole);
}

/* inih's buffer holds 200 bytes; a value may be longer, wherever its blanks and semicolons stand. */
static void test_long_value(void **state)
{
	struct whole whole = { 0 };
	struct error error = { "" };
	struct text file = { 0 }, wanted = { 0 };

	(void)state;
	for (int i = 0; i < 300; i++)
		text_add_format(&wanted, i % 7 == 0 ? "a ;#%d" : i % 3 == 0 ? "#%d" : "; %d", i);
	text_add_format(&file, "[garden]\nname = ");
	for (size_t i = 0; i < wanted.len; i++) /* " ;" begins a comment, so none of these */
		if (wanted.at[i] == ';' && i > 0 && wanted.at[i - 1] == ' ')
			wanted.at[i] = '|';
	text_add(&file, text_span(&wanted));
	text_add(&file, SPAN("\ntrees = x\n"));
	assert_false(settings_read_text(sections, "t", text_span(&file), &whole, &error));
	assert_non_null(strstr(error.text, "t:3: [garden] trees"));
	file.len -= strlen("trees = x\n");
	assert_true(settings_read_text(sections, "t", text_span(&file), &whole, &error));
	assert_string_equal(whole.garden.name, wanted.at);
	text_free(&file);
	text_free(&wanted);
	settings_free(sections, &whole);
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "[garden]\n\ntrees = many\n",
		  "t:3: [garden] trees: \"many\" is not a number (12, 64k, 2M) from 1 to 1M" },
		{ "[garden]\ntrees = 0\n", "t:2: [garden] trees: \"0\" is not a number" },
		{ "[garden]\ntrees = 1.5\n", "t:2: [garden] trees" },
		{ "[garden]\ntrees = 12 apples\n", "t:2: [garden] trees" },
		{ "[garden]\ntrees =\n", "t:2: [garden] trees: \"\"" },
		{ "[garden]\nshare = 101\n", "from 0% to 100%" },
		{ "[garden]\nwinter = 101d\n",
		  "is not a duration (30s, 10m, 1h, 2d, 1h 30m) from 1s to 100d" },
		{ "[garden]\nwinter = 1 fortnight\n", "t:2: [garden] winter" },
		{ "[garden]\nopen = maybe\n", "\"maybe\" is not yes or no" },
		{ "[garden]\nseason = summer\n", "is not one of spring, autumn" },
		{ "[garden]\ntreees = 1\n", "t:2: [garden] has no key treees; the nearest is trees" },
		{ "[garden]\ntimeout = 1\n", "t:2: [garden] has no key timeout; [visitor] has" },
		{ "[gardne]\n", "t:1: no section is called [gardne]; the nearest is [garden]" },
		{ "# c\n[visiter bob]\nurl = x\n",
		  "t:2: no section is called [visiter]; the nearest is [visitor NAME]" },
		{ "[visitor]\n", "t:1: this section needs a name" },
		{ "[visitor b/b]\n", "t:1: a name of your choice has only letters" },
		{ "[garden big]\n", "t:1: this section takes no name" },
		{ "[garden]\n[garden]\n", "t:2: this section stands twice" },
		{ "[visitor a]\n[visitor b]\n[visitor a]\n", "t:3: this section stands twice" },
		{ "[garden]\ntrees = 1\n\ntrees = 2\n", "t:4: [garden] trees: stands twice" },
		{ "trees = 1\n", "t:1: a key stands before the first [section]" },
		{ "[garden]\nopen\n", "t:2: neither \"key = value\" nor a [section]" },
		{ "[garden\n", "t:1: this section's name has no closing ]" },
		{ "[garden]\nname = a\n  b\n", "t:3: only the value of a list goes on" },
		{ "[garden]\nna\x1bme = a\n", "has no key na\\x1bme" },
		{ "[garden]\n= 4\n", "t:2: [garden] has no key" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct whole whole = { 0 };
		struct error error = { "" };

		assert_false(settings_read_text(sections, "t", span_of(rows[i].text), &whole, &error));
		if (strstr(error.text, rows[i].words) == NULL)
			fail_msg("row %zu: \"%s\" is not in \"%s\"", i, rows[i].words, error.text);
		assert_int_equal(whole.garden.trees, 10); /* the defaults are back */
		settings_free(sections, &whole);
	}
}

static void write_file(const char *folder, const char *name, const char *text)
{
	struct text path = { 0 };
	FILE *file;

	text_add_format(&path, "%s/%s", folder, name);
	file = fopen(path.at, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	text_free(&path);
}

static void test_drop_ins(void **state)
{
	char folder[] = "/tmp/settings-XXXXXX";
	struct text path = { 0 };
	struct whole whole = { 0 };
	struct error error = { "" };

	(void)state;
	assert_non_null(mkdtemp(folder));
	text_add_format(&path, "%s/detect.conf.d", folder);
	assert_int_equal(mkdir(path.at, 0755), 0);
	write_file(folder, "detect.conf",
		   "[garden]\ntrees = 5\nbirds = owl\nname = a\n[visitor bob]\nurl = x\n");
	write_file(path.at, "20-b.conf", "[garden]\ntrees = 7\nbirds = jay\n[visitor bob]\ntimeout = 1s\n");
	write_file(path.at, "10-a.conf", "[garden]\ntrees = 6\n");
	write_file(path.at, "30.conf~", "rubbish");
	path.len -= 2;
	path.at[path.len] = '\0';
	assert_true(settings_read(sections, path.at, &whole, &error));
	assert_int_equal(whole.garden.trees, 7);
	assert_int_equal(whole.garden.birds.count, 1);
	assert_string_equal(whole.garden.birds.texts[0], "jay");
	assert_string_equal(whole.garden.name, "a");
	assert_int_equal(whole.visitors.count, 1);
	assert_string_equal(((struct visitor *)whole.visitors.items)->url, "x");
	assert_int_equal(((struct visitor *)whole.visitors.items)->timeout, USEC_SECOND);
	write_file(folder, "detect.conf.d/30-c.conf", "\n[garden]\ntree = 1\n");
	assert_false(settings_read(sections, path.at, &whole, &error));
	assert_non_null(strstr(error.text, "30-c.conf:3: [garden] has no key tree; the nearest is trees"));
	assert_false(settings_read(sections, "/nonexistent/detect.conf", &whole, &error));
	assert_string_equal(error.text, "/nonexistent/detect.conf: No such file or directory");
	settings_free(sections, &whole);
	text_free(&path);
	for (const char *const *name =
		     (const char *const[]){ "detect.conf.d/10-a.conf", "detect.conf.d/20-b.conf",
					    "detect.conf.d/30-c.conf", "detect.conf.d/30.conf~",
					    "detect.conf.d", "detect.conf", "", NULL };
	     *name != NULL; name++) {
		struct text gone = { 0 };

		text_add_format(&gone, "%s/%s", folder, *name);
		assert_int_equal(remove(gone.at), 0);
		text_free(&gone);
	}
}

/* What is printed as detect.conf reads back as the defaults, also with every key uncommented. */
static void test_print(void **state)
{
	char *printed = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&printed, &len);
	struct whole whole = { 0 };
	struct error error = { "" };

	(void)state;
	settings_print(sections, out);
	fclose(out);
	assert_non_null(strstr(printed, ";trees = 10\n"));
	assert_non_null(strstr(printed, "# how many trees (1 to 1M)\n"));
	assert_true(settings_read_text(sections, "t", (struct span){ printed, len }, &whole, &error));
	assert_int_equal(whole.visitors.count, 0);
	for (size_t i = 0; i + 1 < len; i++)
		if (printed[i] == '\n' && printed[i + 1] == ';')
			printed[i + 1] = ' ';
	assert_true(settings_read_text(sections, "t", (struct span){ printed, len }, &whole, &error));
	assert_int_equal(whole.visitors.count, 1);
	assert_int_equal(whole.garden.birds.count, 2);
	settings_free(sections, &whole);
	free(printed);
}

static void test_distance(void **state)
{
	(void)state;
	assert_int_equal(settings_distance(SPAN("minimum"), SPAN("minimum")), 0);
	assert_int_equal(settings_distance(SPAN("minmum"), SPAN("minimum")), 1);
	assert_int_equal(settings_distance(SPAN("mniimum"), SPAN("minimum")), 1);
	assert_int_equal(settings_distance(SPAN(""), SPAN("abc")), 3);
	assert_int_equal(settings_distance(SPAN("abc"), SPAN("")), 3);
	assert_int_equal(settings_distance(SPAN("abc"), SPAN("xbz")), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),     cmocka_unit_test(test_braces),
		cmocka_unit_test(test_defaults),   cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_long_value), cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_drop_ins),   cmocka_unit_test(test_print),
		cmocka_unit_test(test_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
