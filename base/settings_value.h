/*
 * One setting's value: from text into its place in the options, with its bounds checked. The reader of
 * files (settings.c) is the only caller; tests look at the text forms here.
 */
#ifndef SENDWATCH_BASE_SETTINGS_VALUE_H
#define SENDWATCH_BASE_SETTINGS_VALUE_H

#include "base/settings.h"
#include "base/text.h"

/* Put VALUE into OPTIONS; a list is added to, anything else replaced. Untouched where VALUE is refused. */
bool setting_put(const struct setting *row, void *options, struct span value, struct error *error);

/* The row at its default; what stood there is freed. */
void setting_default(const struct setting *row, void *options);

/* Free what the row owns and leave nothing of it. */
void setting_clear(const struct setting *row, void *options);

/* What a value of this row looks like, for people: "a duration (30s, 10m, 1h, 2d), from 1s to 1h". */
void setting_describe(const struct setting *row, struct text *out);

/* Its choices or bounds alone, "1s to 1h"; nothing where it has none. */
void setting_bounds(const struct setting *row, struct text *out);

#endif
