/*
 * The id at the front of Exim's words. In a header, since every line passes here twice, and the framer's short way
 * through a line of Exim's calls nothing else.
 */
#ifndef SENDWATCH_PARSERS_EXIM_ID_H
#define SENDWATCH_PARSERS_EXIM_ID_H

#include "base/near.h"

/* Letters, digits and the dashes between them; 16 at a time and without a branch. */
static inline bool exim_id_looks(const char *at)
{
	near_bytes bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return !near_any((near_bytes)((bytes - '0' >= 10) & ((bytes | 0x20) - 'a' >= 26) & (bytes != '-')));
}

/* 16 or 23 characters and a blank at the front: 6-6-2, since Exim 4.97 6-11-4. How many they are; 0: there is no id. */
static inline size_t exim_id_length(struct span text)
{
	if (text.len < 17 || text.at[6] != '-')
		return 0;
	if (text.at[13] == '-' && text.at[16] == ' ')
		return exim_id_looks(text.at) ? 16 : 0;
	if (text.len < 24 || text.at[18] != '-' || text.at[23] != ' ')
		return 0;
	return exim_id_looks(text.at) && exim_id_looks(text.at + 23 - 16) ? 23 : 0;
}

/*
 * Do Exim's words stand behind the blank of a stamp like "2026-11-21 16:29:42", and no syslog's head? An id, and a word
 * that is no tag with a pid: nearly all lines, which need not be asked about further. The id's length, else 0.
 */
static inline size_t exim_id_of_line(struct span words)
{
	size_t len = exim_id_length(words);
	const char *at = words.at + len;

	/* Other first letters may be a zone's. */
	if (len == 0 || words.len < len + 10 || (unsigned)(words.at[0] - '0') >= 10)
		return 0;
	if (at[1] != ' ' && at[2] != ' ' && at[3] == ' ')
		return len;
	return memcmp(at + 1, "Completed", 9) == 0 && (words.len == len + 10 || at[10] == ' ') ? len : 0;
}

#endif
