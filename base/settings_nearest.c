/* Edit distance with swaps (optimal string alignment), over three rows of a table; 63 bytes a word. */
#include "base/settings_nearest.h"

#define NEAREST_WORD 63

static size_t nearest_least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t settings_distance(struct span a, struct span b)
{
	size_t rows[3][NEAREST_WORD + 1];

	a = span_head(a, NEAREST_WORD);
	b = span_head(b, NEAREST_WORD);
	for (size_t j = 0; j <= b.len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *second = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t exchanged = above[j - 1] + (a.at[i - 1] == b.at[j - 1] ? 0 : 1);

			row[j] = nearest_least(exchanged, nearest_least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
				row[j] = nearest_least(row[j], second[j - 2] + 1);
		}
	}
	return rows[a.len % 3][b.len];
}
