/*
 * A first line (form, length and checksum of the text), the text, then blocks: a letter that says whose it is,
 * length and checksum in eight bytes each, the bytes. The last block is empty, so that a file cut short is known.
 *
 * Blocks are written as they are made, so that writing a million accounts takes no second copy of them; they are
 * read from the mapped file. The form stands for everything that is written as it stands in memory.
 */
#define _GNU_SOURCE
#include "commands/snapshot.h"

#include "base/hash.h"
#include "base/pack.h"
#include "base/save.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SNAPSHOT_NAME   "sendwatch snapshot 2 "
#define SNAPSHOT_BUFFER ((size_t)256 * 1024)

enum owner { OWNER_JUDGE = 'j', OWNER_HEALTH = 'h', OWNER_END = 'e' };

struct block_head {
	uint64_t owner, len, hash;
};

static uint64_t snapshot_form(void)
{
	uint64_t parts[] = { judge_form(), sizeof(struct health_row), 2 };

	return hash_stable((struct span){ (const char *)parts, sizeof(parts) });
}

/* Of the owner too: another one would make something else of it, or nothing. */
static uint64_t block_hash(uint64_t owner, struct span block)
{
	return hash_stable_more(owner, block);
}

static void snapshot_put(FILE *file, enum owner owner, struct span block)
{
	const struct block_head head = { owner, block.len, block_hash(owner, block) };

	fwrite(&head, sizeof(head), 1, file);
	if (block.len > 0)
		fwrite(block.at, 1, block.len, file);
}

static void snapshot_put_judge(void *context, struct span block)
{
	snapshot_put(context, OWNER_JUDGE, block);
}

bool snapshot_write(const char *path, struct span text, const struct judge *judge, bool records,
		    const struct health *health, struct error *error)
{
	struct save *save = save_begin(path, 0640, error);
	struct text block = { 0 };
	FILE *file;

	if (save == NULL)
		return false;
	file = save_stream(save);
	(void)setvbuf(file, NULL, _IOFBF, SNAPSHOT_BUFFER);
	fprintf(file, SNAPSHOT_NAME "%016llx %zu %016llx\n", (unsigned long long)snapshot_form(), text.len,
		(unsigned long long)hash_stable(text));
	if (text.len > 0)
		fwrite(text.at, 1, text.len, file);
	judge_pack(judge, records, snapshot_put_judge, file);
	health_pack(health, &block);
	snapshot_put(file, OWNER_HEALTH, text_span(&block));
	snapshot_put(file, OWNER_END, (struct span){ "", 0 });
	text_free(&block);
	return save_commit(&save, error);
}

/* The next block, when it is whole. */
static bool snapshot_block(struct span *rest, struct block_head *head_r, struct span *block_r)
{
	if (rest->len < sizeof(*head_r))
		return false;
	memcpy(head_r, rest->at, sizeof(*head_r));
	*rest = span_from(*rest, sizeof(*head_r));
	if (head_r->len > rest->len)
		return false;
	*block_r = span_head(*rest, (size_t)head_r->len);
	*rest = span_from(*rest, (size_t)head_r->len);
	return true;
}

static bool snapshot_blocks_whole(struct span rest)
{
	struct block_head head;
	struct span block;

	while (snapshot_block(&rest, &head, &block)) {
		if (block_hash(head.owner, block) != head.hash)
			return false;
		if (head.owner == OWNER_END)
			return rest.len == 0;
	}
	return false;
}

static bool snapshot_number(struct span *rest, char end, unsigned base, uint64_t *number_r)
{
	struct span word;
	uint64_t number = 0;

	if (!span_cut(rest, end, &word) || word.len == 0 || word.len > 16)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		const char *digits = "0123456789abcdef", *digit = memchr(digits, word.at[i], base);

		if (digit == NULL)
			return false;
		number = number * base + (uint64_t)(digit - digits);
	}
	*number_r = number;
	return true;
}

bool snapshot_parse(struct snapshot *snapshot, const char *path, struct error *error)
{
	struct span rest = snapshot->whole;
	uint64_t form, len, hash;

	if (!span_skip(&rest, SPAN(SNAPSHOT_NAME)))
		return error_set(error, "%s: not a snapshot of this version", path);
	if (!snapshot_number(&rest, ' ', 16, &form) || form != snapshot_form())
		return error_set(error, "%s: a snapshot of another version", path);
	if (!snapshot_number(&rest, ' ', 10, &len) || !snapshot_number(&rest, '\n', 16, &hash) ||
	    len > rest.len)
		return error_set(error, "%s: damaged in its first line", path);
	snapshot->text = span_head(rest, (size_t)len);
	snapshot->blocks = span_from(rest, (size_t)len);
	if (hash_stable(snapshot->text) != hash || !snapshot_blocks_whole(snapshot->blocks))
		return error_set(error, "%s: damaged, or cut short", path);
	return true;
}

enum snapshot_found snapshot_open(const char *path, struct snapshot *snapshot_r, struct error *error)
{
	struct snapshot snapshot = { .whole = { NULL, 0 } };
	int file = open(path, O_RDONLY | O_CLOEXEC);
	struct stat about;
	void *at;

	if (file < 0 && errno == ENOENT)
		return SNAPSHOT_NONE;
	if (file < 0 || fstat(file, &about) != 0 || about.st_size == 0) {
		error_set(error, "%s: %s", path, file < 0 ? strerror(errno) : "empty");
		if (file >= 0)
			close(file);
		return SNAPSHOT_BAD;
	}
	at = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
	close(file);
	if (at == MAP_FAILED) {
		error_set(error, "%s: %s", path, strerror(errno));
		return SNAPSHOT_BAD;
	}
	snapshot.whole = (struct span){ at, (size_t)about.st_size };
	if (!snapshot_parse(&snapshot, path, error)) {
		snapshot_close(&snapshot);
		return SNAPSHOT_BAD;
	}
	*snapshot_r = snapshot;
	return SNAPSHOT_GOOD;
}

void snapshot_close(struct snapshot *snapshot)
{
	union {
		const char *from;
		void *to;
	} mapped = { .from = snapshot->whole.at };

	if (mapped.to != NULL)
		munmap(mapped.to, snapshot->whole.len);
	*snapshot = (struct snapshot){ .whole = { NULL, 0 } };
}

bool snapshot_restore(const struct snapshot *snapshot, struct judge *judge, struct health *health)
{
	struct span rest = snapshot->blocks, block;
	struct block_head head;

	while (snapshot_block(&rest, &head, &block)) {
		struct unpack from = { .rest = block };

		if (head.owner == OWNER_JUDGE && judge != NULL && !judge_unpack(judge, block))
			return false;
		if (head.owner == OWNER_HEALTH && health != NULL && !health_unpack(health, &from))
			return false;
	}
	return true;
}

void snapshot_put_aside(const char *path)
{
	struct text aside = { 0 };

	text_add_format(&aside, "%s.damaged", path);
	(void)rename(path, aside.at);
	text_free(&aside);
}
