/*
 * The status page: HTML from a board and the journal's past. The first page answers in five seconds whether logs are
 * read, whether an account is abused and whether an address of ours is refused; another shows one account.
 */
#ifndef SENDWATCH_COMMANDS_PAGE_H
#define SENDWATCH_COMMANDS_PAGE_H

#include "commands/page_past.h"
#include "commands/status_health.h"

struct page {
	struct text *out;
	const struct board *board; /* NULL where watch has not come so far */
	const struct health_report *report;
	struct desk_pulse pulse;
	usec_t now;         /* wall clock */
	struct past *past;  /* NULL where no journal is kept */
	const char *form;   /* what a form carries; NULL: nothing can be changed here */
	const char *notice; /* said at the top; NULL: nothing */
	bool failed;        /* the notice is of a failure */
};

void page_overview(const struct page *page);

/*
 * One account. ACCOUNT is NULL where this server does not know it at this time; the journal may. CLIENTS are those
 * that the journal names, with their countries.
 */
struct page_client {
	struct board_client client;
	usec_t last; /* verdict in which it was named */
};

#define PAGE_CLIENTS 32
#define PAGE_ENTRIES 60
struct page_account {
	struct span name;
	const struct board_account *account;
	struct payload *entries[PAGE_ENTRIES]; /* the newest first */
	size_t entry_count;
	struct page_client clients[PAGE_CLIENTS];
	size_t client_count;
};

/* What the journal knows; to be freed. */
void page_account_read(struct page_account *of, struct past *past);
void page_account_client(struct page_account *of, const struct board_client *client); /* seen just now */
void page_account_free(struct page_account *of);
void page_account_show(const struct page *page, const struct page_account *of);

/* A page that says one thing: what is not there, or not allowed. */
void page_words(const struct page *page, const char *title, const char *words);

const char *page_style(void);
const char *page_icon(void);

#endif
