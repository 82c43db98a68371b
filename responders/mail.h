/*
 * A mail: to the admin, or to the owner of the account that it is about, through the sendmail command or by SMTP.
 * It goes without an envelope sender (or with one of the admin's choice), so that it comes back to nobody, and
 * says that a program wrote it.
 */
#ifndef SENDWATCH_RESPONDERS_MAIL_H
#define SENDWATCH_RESPONDERS_MAIL_H

#include "responders/responder.h"
#include "responders/telling.h"

struct mail_options {
	struct telling telling;
	struct setting_list to;
	bool owner, owner_disabled;
	char *from, *sender;
	char *subject, *template_file;
	char *sendmail, *smtp, *user, *password_file, *ca;
	bool starttls;
	usec_t timeout;
};

extern const struct setting mail_settings[];

#endif
