/* What the pages are made of: head and foot, badges, times, numbers, the bar of outcomes, the small curve. */
#ifndef SENDWATCH_COMMANDS_PAGE_PARTS_H
#define SENDWATCH_COMMANDS_PAGE_PARTS_H

#include "commands/chart.h"
#include "commands/html.h"
#include "commands/page.h"

/* TITLE is text; REFRESH in seconds, 0: none. */
void page_open(const struct page *page, struct span title, unsigned refresh);
void page_close(const struct page *page);

/* The state as the pages say it. */
const char *page_state_words(enum account_state state);
void page_badge(struct text *out, enum account_state state);
void page_count(struct text *out, uint64_t count);
void page_percent(struct text *out, double share);

/* "3 min ago", and the time itself for whoever points at it. "never" for USEC_NEVER. */
void page_ago(struct text *out, usec_t now, usec_t time);
void page_time(struct text *out, usec_t time);

/* A link to the account's page. */
void page_account_link(struct text *out, struct span name);

/* "sendwatch release ...": to be typed. */
void page_command(struct text *out, const char *verb, struct span account);

/* `sendwatch trace ACCOUNT` in the logs that BOARD follows, and their rotations; BOARD may be NULL. */
void page_trace(struct text *out, const struct board *board, struct span account);

/* What became of recipients, by kind. */
void page_kinds(const struct counts *counts, uint64_t kinds_r[CHART_KINDS]);

/* A thin bar of the shares, and words for it. */
void page_shares(struct text *out, const struct counts *counts);

/* Recipients of the last 24 hours beside what is usual. ID is unique on the page. */
void page_curve(struct text *out, const struct board_account *account, unsigned id);

/* ", by uid 0 on mx1: called by phone"; nothing where it is not known. */
void page_ordered(struct text *out, const struct board_order *order);

/* Sections of the first page. */
void page_orders(const struct page *page);
void page_addresses(const struct page *page);
void page_reading(const struct page *page);
void page_telling(const struct page *page);

/* The time up to which an account's figures go: the newest of the logs, or of its own. */
usec_t page_account_now(const struct board *board, const struct board_account *account);

#endif
