/*
 * Mail by a local user or a directory that never sent before: a mailer dropped into an upload folder. A new
 * shop or form begins with a few mails; the dropped one with hundreds, which strangers.c sees. Folders into
 * which visitors upload, or where programs keep their waste, hold no mailers of the owner's.
 */
#include "detectors/detector.h"

#include <math.h>
#include <stdio.h>

struct scripts_options {
	usec_t young;
	double fresh, folder;
};

const struct setting scripts_settings[] = {
	SETTING(DURATION, struct scripts_options, young, "2d", USEC_HOUR, 30 * USEC_DAY,
		"since its first mail, a script is new"),
	SETTING(NUMBER, struct scripts_options, fresh, "3", 0, 40,
		"decibans for a script or local user that never sent"),
	SETTING(NUMBER, struct scripts_options, folder, "8", 0, 40,
		"decibans for one in a folder of uploads or of waste"),
	{ .name = NULL },
};

#define SERVER_KNOWN 3 /* days of log before a script can be called new: one more than `young` has */

static bool odd_folder(struct span account)
{
	static const char *const odd[] = { "/upload", "/tmp",         "/cache", "/images",
					   "/.",      "/wp-includes", "/css",   "/fonts" };

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (span_find(account, span_of(odd[i])) < account.len)
			return true;
	return false;
}

static void scripts_weigh(const struct view *view, const void *options, struct evidence *evidence_r)
{
	const struct scripts_options *o = options;
	enum account_kind kind = view->record->kind;
	struct span account = span_of(view->record->name);
	bool fresh = view->age >= SERVER_KNOWN &&
		     view->now - view->habit->first * USEC_DAY <= o->young + USEC_DAY;
	bool odd = kind == ACCOUNT_SCRIPT && odd_folder(account);

	if ((kind != ACCOUNT_SCRIPT && kind != ACCOUNT_LOCAL) || (!fresh && !odd))
		return;
	/* Ten strangers give half of it: a new shop's first orders are fewer. Assumed. */
	evidence_r->decibans = ((fresh ? o->fresh : 0) + (odd ? o->folder : 0)) * view->strangers /
			       (view->strangers + 10);
	if (!view->explain)
		return;
	evidence_r->window = horizon_name(view->horizon);
	evidence_r->seen = view->strangers;
	snprintf(evidence_r->text, sizeof(evidence_r->text), "%s%s%s",
		 fresh ? "it sent its first mail only now" : "", fresh && odd ? ", and " : "",
		 odd ? "it lies in a folder that holds no mailers" : "");
}

const struct detector detector_scripts = {
	.name = "scripts",
	.about = "mail by a local user or folder that never sent, or should not",
	.group = GROUP_SENDER,
	.settings = scripts_settings,
	.options_size = sizeof(struct scripts_options),
	.weigh = scripts_weigh,
};
