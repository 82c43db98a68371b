/* An entry of the journal, in the words of a page; and all of an account's, as its history. */
#ifndef SENDWATCH_COMMANDS_PAGE_ENTRY_H
#define SENDWATCH_COMMANDS_PAGE_ENTRY_H

#include "commands/page.h"

/* What stands under KEY, as text of a page; false where it is not there. */
bool page_entry_text(struct text *out, const struct payload *entry, const char *key);

bool page_entry_is(const struct payload *entry, const char *type);

/* The state that stands under KEY; normal where none does. */
enum account_state page_entry_state(const struct payload *entry, const char *key);

void page_account_history(const struct page *page, const struct page_account *of);

#endif
