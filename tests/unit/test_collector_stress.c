/*
 * A writer of numbered lines, rotations of every kind in a random order, and a follower that is drained,
 * saved, stopped and killed in between: at the end every number was given once, and in order. What a killed
 * follower gave after its last save does not count, as with a store that keeps the positions.
 *
 * STRESS_SEED=n runs one seed; STRESS_SEEDS=n as many as that.
 */
#define _GNU_SOURCE
#include "follower.h"

static uint32_t stress_state;

static unsigned stress_random(unsigned below)
{
	stress_state = stress_state * 1664525u + 1013904223u;
	return (stress_state >> 16) % below;
}

struct stress {
	struct follower follower;
	struct text expected;
	struct text trail; /* what was done, to be read where it fails */
	size_t saved_len;  /* of the text given, when the positions were saved */
	uint64_t saved_position;
	unsigned number; /* of the next line */
	unsigned rotations;
	bool dated; /* names by date, or by number */
	bool half;  /* the last line has no newline yet */
};

static void stress_note(struct stress *stress, const char *words)
{
	text_add_format(&stress->trail, "%s ", words);
}

static void stress_append(struct stress *stress, const char *name)
{
	struct text lines = { 0 };
	unsigned count = 1 + (stress_random(20) == 0 ? stress_random(3000) : stress_random(5));

	if (stress->half)
		text_add(&lines, SPAN("\n"));
	for (unsigned i = 0; i < count; i++)
		text_add_format(&lines, "%s%u of this log", i == 0 ? "" : "\n", stress->number + i);
	for (unsigned i = 0; i < count; i++)
		text_add_format(&stress->expected, "%u of this log\n", stress->number + i);
	stress->number += count;
	stress->half = stress_random(4) == 0;
	if (!stress->half)
		text_add(&lines, SPAN("\n"));
	scratch_put(name, lines.at, lines.len, O_APPEND);
	text_free(&lines);
}

static void stress_finish_line(struct stress *stress, const char *name)
{
	if (stress->half)
		scratch_append(name, "\n");
	stress->half = false;
}

static void stress_name(const struct stress *stress, unsigned age, char name[64])
{
	if (stress->dated)
		snprintf(name, 64, "mail.log-20261101-%06u", stress->rotations - age);
	else
		snprintf(name, 64, "mail.log.%u", age + 1);
}

static bool stress_exists(const char *name)
{
	return access(scratch_path(name), F_OK) == 0;
}

/* Make room for a new youngest rotation. */
static void stress_shift(struct stress *stress)
{
	stress->rotations++;
	for (unsigned age = stress->rotations; !stress->dated && age-- > 0;) {
		char from[64], to[64];

		for (int packed = 0; packed < 2; packed++) {
			snprintf(from, sizeof(from), "mail.log.%u%s", age + 1, packed ? ".gz" : "");
			snprintf(to, sizeof(to), "mail.log.%u%s", age + 2, packed ? ".gz" : "");
			if (stress_exists(from))
				scratch_move(from, to);
		}
	}
}

static void stress_rename(struct stress *stress)
{
	char name[64];

	stress_shift(stress);
	stress_name(stress, 0, name);
	scratch_move("mail.log", name);
	if (stress_random(2) == 0)
		stress_append(stress, name); /* the writer has it open still */
	stress_finish_line(stress, name);
	scratch_write("mail.log", "");
}

static void stress_copytruncate(struct stress *stress)
{
	char name[64], *bytes;
	size_t len;

	stress_finish_line(stress, "mail.log");
	stress_shift(stress);
	stress_name(stress, 0, name);
	bytes = scratch_read("mail.log", &len);
	scratch_put(name, bytes, len, O_TRUNC);
	free(bytes);
	scratch_write("mail.log", "");
}

static void stress_pack(struct stress *stress)
{
	char name[64];

	if (stress->rotations == 0)
		return;
	stress_name(stress, stress_random(stress->rotations < 3 ? stress->rotations : 3), name);
	if (stress_exists(name))
		assert_true(scratch_pack("gzip", name));
}

static void stress_save(struct stress *stress)
{
	follower_save(&stress->follower);
	stress->saved_len = stress->follower.given.len;
	stress->saved_position = stress->follower.position;
}

static void stress_start(struct stress *stress)
{
	stress->follower.options.start = COLLECTOR_START_BEGINNING;
	stress->follower.options.grace = 1;
	follower_start(&stress->follower, "mail.log");
}

static void stress_stop(struct stress *stress, bool save)
{
	if (save)
		stress_save(stress);
	follower_kill(&stress->follower);
	stress->follower.given.len = stress->saved_len;
	stress->follower.position = stress->saved_position;
}

/* A few lines, not all that there are. */
static void stress_sip(struct stress *stress)
{
	struct line line;

	for (unsigned i = stress_random(20); i > 0; i--) {
		if (collector_next(stress->follower.collector, &line) != COLLECTED_LINE)
			break;
		text_add(&stress->follower.given, line.text);
		text_add(&stress->follower.given, SPAN("\n"));
		stress->follower.position = line.position;
	}
}

static void stress_step(struct stress *stress)
{
	bool running = stress->follower.collector != NULL;

	switch (stress_random(12)) {
	case 0:
		stress_note(stress, "rename");
		stress_rename(stress);
		break;
	case 1:
		stress_note(stress, "copytruncate");
		stress_copytruncate(stress);
		break;
	case 2:
		stress_note(stress, "pack");
		stress_pack(stress);
		break;
	case 3:
		stress_note(stress, running ? "stop" : "start");
		if (running)
			stress_stop(stress, true);
		else
			stress_start(stress);
		break;
	case 4:
		stress_note(stress, running ? "kill" : "start");
		if (running)
			stress_stop(stress, false);
		else
			stress_start(stress);
		break;
	case 5:
	case 6:
		stress_note(stress, "drain");
		if (running)
			follower_drain(&stress->follower);
		break;
	case 7:
		stress_note(stress, "sip");
		if (running)
			stress_sip(stress);
		break;
	case 8:
		stress_note(stress, "save");
		if (running)
			stress_save(stress);
		break;
	default:
		stress_note(stress, "append");
		stress_append(stress, "mail.log");
		break;
	}
}

static void stress_run(unsigned seed)
{
	struct stress stress = { .dated = seed % 2 == 1 };

	stress_state = seed * 2654435761u + 1;
	scratch_make();
	scratch_write("mail.log", "");
	stress.follower.given.ceiling = stress.expected.ceiling = (size_t)64 << 20;
	stress_start(&stress);
	stress_save(&stress);
	for (unsigned step = 0; step < 120; step++)
		stress_step(&stress);
	stress_finish_line(&stress, "mail.log");
	if (stress.follower.collector == NULL)
		stress_start(&stress);
	follower_await(&stress.follower, stress.expected.len);
	if (!span_equal(text_span(&stress.follower.given), text_span(&stress.expected))) {
		size_t same = 0;

		while (same < stress.follower.given.len && same < stress.expected.len &&
		       stress.follower.given.at[same] == stress.expected.at[same])
			same++;
		print_error(
			"seed %u: %zu bytes given, %zu expected, the same up to %.40s, then %.40s\n%s\n%s\n",
			seed, stress.follower.given.len, stress.expected.len,
			stress.expected.at + (same > 20 ? same - 20 : 0), stress.follower.given.at + same,
			stress.trail.at, stress.follower.said.at == NULL ? "" : stress.follower.said.at);
		fail();
	}
	if (stress.follower.said.len > 0)
		fail_msg("seed %u: %s", seed, stress.follower.said.at);
	assert_int_equal(stress.follower.position, stress.expected.len);
	follower_free(&stress.follower);
	text_free(&stress.expected);
	text_free(&stress.trail);
	scratch_remove();
}

static unsigned stress_setting(const char *name, unsigned fallback)
{
	const char *text = getenv(name);

	return text == NULL ? fallback : (unsigned)strtoul(text, NULL, 10);
}

static void every_line_is_given_once_and_in_order(void **state)
{
	unsigned one = stress_setting("STRESS_SEED", 0), seeds = stress_setting("STRESS_SEEDS", 16);

	(void)state;
	if (one > 0)
		stress_run(one);
	for (unsigned seed = 1; one == 0 && seed <= seeds; seed++)
		stress_run(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_line_is_given_once_and_in_order) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
