/*
 * A fixed list of paths; there is no folder behind it. Each has an area, which says who may see it. GET and HEAD
 * everywhere, POST at one place and only where the settings allow a change.
 *
 * How long an answer waits for the loop: two seconds. After that it is given from the last board, and says so.
 */
#include "commands/status_site.h"

#include "base/memory.h"
#include "commands/html.h"
#include "commands/page.h"
#include "commands/words.h"

#include <stdio.h>
#include <stdlib.h>

/* What is asked, and what a person has ordered: that waits for the disk, and for what was begun before. */
#define SITE_WAIT  (2 * USEC_SECOND)
#define SITE_ORDER (30 * USEC_SECOND)

const char *const status_heads[][2] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
	  "base-uri 'none'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	/* Not no-referrer: a browser would then hide where a form comes from. */
	{ "Referrer-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ NULL, NULL },
};

/* One request on its way through the site. */
struct visit {
	struct status_site *site;
	const struct status_request *request;
	struct status_answer *answer;
	struct span query;
	struct board *board;
	struct desk_pulse pulse;
	struct health_report report;
	struct page page;
};

static void visit_open(struct visit *visit, struct status_site *site)
{
	visit->pulse = desk_pulse(site->desk, SITE_WAIT);
	visit->board = desk_board(site->desk, visit->pulse.age < SITE_WAIT ? SITE_WAIT : 0);
	visit->report = health_report(visit->board, visit->pulse, site->options->stuck_after,
				      site->options->lag);
	visit->page = (struct page){
		.out = &visit->answer->body,
		.board = visit->board,
		.report = &visit->report,
		.pulse = visit->pulse,
		.now = clock_now(),
		.past = site->past,
		.form = site->options->change && status_is_known(&site->keys, visit->request)
				? site->keys.form
				: NULL,
	};
}

static void visit_close(struct visit *visit)
{
	if (visit->board != NULL)
		desk_return(visit->site->desk, &visit->board);
}

static void site_words(struct visit *visit, unsigned code, const char *title, const char *words)
{
	visit->answer->code = code;
	visit->page.out = &visit->answer->body;
	if (visit->page.report == NULL)
		visit->page.report = &visit->report;
	visit->page.pulse.started = visit->site->desk == NULL ? 0 : desk_pulse(visit->site->desk, 0).started;
	visit->page.now = clock_now();
	page_words(&visit->page, title, words);
}

static void site_overview(struct visit *visit)
{
	visit_open(visit, visit->site);
	if (visit->site->past != NULL)
		past_read(visit->site->past);
	page_overview(&visit->page);
}

static void site_account(struct visit *visit)
{
	struct text name = { .ceiling = 4096 }, done = { .ceiling = 64 };
	struct page_account of = { .account = NULL };
	struct board_account *account = NULL;
	struct board_client clients[PAGE_CLIENTS];
	size_t known;

	(void)status_value(visit->query, SPAN("name"), &name);
	visit_open(visit, visit->site);
	if (status_value(visit->query, SPAN("done"), &done))
		visit->page.notice = "Done. What follows from it stands below.";
	of.name = span_trim(text_span(&name));
	if (visit->site->past != NULL)
		past_read(visit->site->past);
	page_account_read(&of, visit->site->past);
	known = of.client_count;
	for (size_t i = 0; i < known; i++)
		clients[i] = of.clients[i].client;
	if (!desk_account(visit->site->desk, of.name, clients, known, SITE_WAIT, &account))
		visit->page.notice =
			"watch is busy, and says nothing of it now: this is what the journal says";
	for (size_t i = 0; i < known; i++)
		of.clients[i].client = clients[i];
	of.account = account;
	for (size_t i = 0; account != NULL && i < account->client_count; i++)
		page_account_client(&of, &account->clients[i]);
	if (account == NULL && of.entry_count == 0) {
		struct text words = { 0 };

		text_add(&words, SPAN("Nothing is known of "));
		text_add(&words, of.name);
		text_add(&words, SPAN(" on this server."));
		site_words(visit, 404, "No such account", words.at);
		text_free(&words);
	} else {
		page_account_show(&visit->page, &of);
	}
	page_account_free(&of);
	board_account_free(account);
	text_free(&name);
	text_free(&done);
}

static void site_style(struct visit *visit)
{
	visit->answer->type = "text/css; charset=utf-8";
	visit->answer->lasting = true;
	text_add(&visit->answer->body, span_of(page_style()));
}

static void site_icon(struct visit *visit)
{
	visit->answer->type = "image/svg+xml";
	visit->answer->lasting = true;
	text_add(&visit->answer->body, span_of(page_icon()));
}

static void site_metrics(struct visit *visit)
{
	bool open = span_find(visit->request->accept, SPAN("application/openmetrics-text")) <
		    visit->request->accept.len;
	const struct metrics_server server = { .answered = atomic_load(&visit->site->answered),
					       .refused = atomic_load(&visit->site->refused) };

	visit_open(visit, visit->site);
	visit->answer->type = open ? METRICS_OPEN_TYPE : METRICS_TEXT_TYPE;
	metrics_write(&visit->answer->body, visit->board, visit->pulse, &server, open);
}

static void site_health(struct visit *visit, bool ready)
{
	visit_open(visit, visit->site);
	visit->answer->type = "application/json";
	visit->answer->code = (ready ? visit->report.ready : visit->report.alive) ? 200 : 503;
	health_json(&visit->answer->body, &visit->report, visit->pulse, ready);
}

static void site_healthz(struct visit *visit)
{
	site_health(visit, false);
}

static void site_readyz(struct visit *visit)
{
	site_health(visit, true);
}

static char *site_account_json(const struct board_account *account)
{
	struct payload *payload = payload_begin("account");

	payload_add_text(payload, "account", span_of(account->name));
	payload_add_text(payload, "state", span_of(state_name(account->standing.state)));
	payload_add_time(payload, "since",
			 account->standing.since == 0 ? USEC_NEVER : account->standing.since);
	payload_add_share(payload, "score", (double)account->standing.score);
	payload_add_time(payload, "last", account->now == 0 ? USEC_NEVER : account->now);
	payload_add_count(payload, "recipients_24h", account->sums[HORIZON_24H].n[COUNT_RECIPIENTS]);
	payload_add_count(payload, "delivered_24h", account->sums[HORIZON_24H].n[COUNT_DELIVERED]);
	payload_add_count(payload, "invalid_24h", account->sums[HORIZON_24H].n[COUNT_INVALID]);
	payload_add_count(payload, "spam_24h", account->sums[HORIZON_24H].n[COUNT_SPAM]);
	payload_add_flag(payload, "stopped", account->stopped);
	return payload_end(&payload);
}

static void site_accounts_json(struct visit *visit)
{
	const struct board *board;
	struct payload *payload = payload_begin("accounts");
	size_t count;
	char **objects, *json;

	visit_open(visit, visit->site);
	board = visit->board;
	count = board == NULL ? 0 : board->account_count;
	objects = memory_new(count + 1, sizeof(*objects));
	for (size_t i = 0; i < count; i++)
		objects[i] = site_account_json(&board->accounts[i]);
	payload_add_time(payload, "time", board == NULL ? USEC_NEVER : board->made);
	payload_add_objects(payload, "accounts", (const char *const *)objects, count);
	json = payload_end(&payload);
	visit->answer->type = "application/json";
	text_add(&visit->answer->body, span_of(json));
	free(json);
	for (size_t i = 0; i < count; i++)
		free(objects[i]);
	free(objects);
}

/* --- changes --- */

static bool site_order(struct visit *visit, struct span account, struct error *error)
{
	struct text verb = { .ceiling = 64 }, reason = { .ceiling = 1024 };
	struct control_order order = { .account = account, .until = USEC_NEVER, .by = "status page" };
	bool good = false;

	(void)status_value(visit->request->body, SPAN("verb"), &verb);
	(void)status_value(visit->request->body, SPAN("reason"), &reason);
	order.verb = text_span(&verb);
	order.reason = span_head(span_trim(text_span(&reason)), 200);
	if (account.len == 0 ||
	    (!span_equal(order.verb, SPAN("disable")) && !span_equal(order.verb, SPAN("release"))))
		error_set(error, "a form names an account, and disable or release");
	else
		good = desk_order(visit->site->desk, &order, SITE_ORDER, error);
	text_free(&verb);
	text_free(&reason);
	return good;
}

static void site_act(struct visit *visit)
{
	struct text account = { .ceiling = 4096 }, to = { 0 };
	struct error error = { "" };

	if (!visit->site->options->change || !status_may_change(&visit->site->keys, visit->request)) {
		atomic_fetch_add(&visit->site->refused, 1);
		site_words(
			visit, 403, "Not allowed",
			visit->site->options->change
				? "Only a form of this page, with the password, or the token can change something."
				: "Nothing can be changed here: [status] change is no.");
		return;
	}
	if (!status_value(visit->query, SPAN("account"), &account))
		(void)status_value(visit->request->body, SPAN("account"), &account);
	if (site_order(visit, text_span(&account), &error)) {
		text_add(&to, SPAN("account?done=yes&name="));
		html_url(&to, text_span(&account));
		if (to.len < sizeof(visit->answer->location)) {
			visit->answer->code = 303;
			snprintf(visit->answer->location, sizeof(visit->answer->location), "%s", to.at);
		}
		text_add(&visit->answer->body, SPAN("done\n"));
	} else {
		site_words(visit, 409, "That was not done", error.text);
	}
	text_free(&account);
	text_free(&to);
}

static const struct site_path {
	const char *path, *area;
	bool post;
	void (*show)(struct visit *visit);
} site_paths[] = {
	{ "/", "page", false, site_overview },
	{ "/account", "page", false, site_account },
	{ "/accounts.json", "page", false, site_accounts_json },
	{ "/act", "page", true, site_act },
	{ "/metrics", "metrics", false, site_metrics },
	{ "/healthz", "health", false, site_healthz },
	{ "/readyz", "health", false, site_readyz },
	{ "/style.css", NULL, false, site_style },
	{ "/icon.svg", NULL, false, site_icon },
};

static const struct site_path *site_find(struct span path)
{
	for (size_t i = 0; i < sizeof(site_paths) / sizeof(site_paths[0]); i++)
		if (span_equal(span_of(site_paths[i].path), path))
			return &site_paths[i];
	return NULL;
}

/* Why it is not shown; false where it is. */
static bool site_refuses(struct visit *visit, const struct site_path *path)
{
	struct status_site *site = visit->site;
	bool post = span_equal(visit->request->method, SPAN("POST"));
	bool get = span_equal(visit->request->method, SPAN("GET")) ||
		   span_equal(visit->request->method, SPAN("HEAD"));

	if (!status_host_is_ours(&site->keys, visit->request)) {
		site_words(
			visit, 421, "Not this name",
			"This server does not answer to that host name: add it to [status] hosts in detect.conf.");
	} else if (path == NULL) {
		site_words(visit, 404, "Not here", "There is no such page.");
		return true; /* nothing was refused */
	} else if (path->post ? !post : !get) {
		visit->answer->allow = path->post ? "POST" : "GET, HEAD";
		site_words(visit, 405, "Not that way",
			   path->post ? "This takes a form." : "This can only be read.");
	} else if (path->area != NULL && !status_may_see(&site->keys, visit->request, path->area)) {
		visit->answer->challenge = site->keys.password != NULL;
		site_words(
			visit, site->keys.password != NULL || site->keys.token != NULL ? 401 : 403,
			"Not without a password",
			site->keys.password != NULL ? "This page is shown to those who know the password."
			: site->keys.token != NULL
				? "This page is shown to those who bring the token."
				: "Anybody on this machine could ask: set [status] password_file, use a Unix "
				  "socket, or add page to [status] open.");
	} else {
		return false;
	}
	atomic_fetch_add(&site->refused, 1);
	return true;
}

void status_answer(struct status_site *site, const struct status_request *request,
		   struct status_answer *answer_r)
{
	struct visit visit = { .site = site, .request = request, .answer = answer_r };
	const struct site_path *path = site_find(status_path(request->target, &visit.query));

	*answer_r = (struct status_answer){ .code = 200, .type = "text/html; charset=utf-8" };
	if (!site_refuses(&visit, path))
		path->show(&visit);
	/* Half a page could end within a tag. */
	if (answer_r->body.cut) {
		text_clear(&answer_r->body);
		answer_r->code = 500;
		answer_r->type = "text/plain; charset=utf-8";
		text_add(&answer_r->body, SPAN("This page is too large.\n"));
	}
	visit_close(&visit);
	atomic_fetch_add(&site->answered, 1);
}
