/*
 * What is left for a person, as lines that can be typed. The mail server's own settings are never changed by setup; its
 * lines are given whole, with what stands there now kept behind ours.
 */
#define _GNU_SOURCE
#include "commands/setup_found.h"

#include "responders/listing.h"

#include <stdio.h>

static void steps_title(struct text *text, unsigned *number, const char *words)
{
	text_add_format(text, "\n%u. %s\n\n", ++*number, words);
}

/* The name of a parameter of ours for a service: "587" and "submission" are words in it, other bytes are not. */
static void steps_parameter(const struct setup_service *service, struct text *name)
{
	text_add(name, SPAN("sendwatch_"));
	for (const char *byte = service->name; *byte != '\0'; byte++)
		text_add_format(name, "%c", strchr(".-:[]", *byte) == NULL ? *byte : '_');
}

/*
 * What asks us, and behind it what stands there now. master.cf takes no blanks from postconf: a service gets a
 * parameter of main.cf.
 */
static void steps_restrictions(const struct setup_found *found, const struct setup_service *service,
			       struct text *text)
{
	const char *now = *service->restrictions != '\0' ? service->restrictions : found->restrictions;
	struct text name = { 0 }, value = { 0 }, use = { 0 };

	if (*service->name == '\0')
		text_add(&name, SPAN("smtpd_recipient_restrictions"));
	else
		steps_parameter(service, &name);
	text_add_format(&value,
			"%s = check_sasl_access %s:/etc/postfix/sendwatch_deny, "
			"check_policy_service { inet:127.0.0.1:%u, timeout=2s, default_action=DUNNO }%s%s",
			name.at, found->map, found->policy_port, *now == '\0' ? "" : ", ", now);
	text_add(text, SPAN("     postconf -e "));
	text_add_quoted(text, text_span(&value));
	if (*service->name != '\0') {
		text_add(text, SPAN("\n     postconf -P "));
		text_add_format(&use, "%s/inet/smtpd_recipient_restrictions=$%s", service->name, name.at);
		text_add_quoted(text, text_span(&use));
	}
	text_add(text, SPAN("\n"));
	text_free(&name);
	text_free(&value);
	text_free(&use);
}

static void steps_file(const char *path, struct text *text)
{
	struct span head = SPAN(LISTING_HEAD);

	text_add_format(text, "     test -e %s || echo '%.*s' > %s\n", path, (int)head.len - 1, head.at,
			path);
}

static void steps_postfix(const struct setup_found *found, unsigned *number, struct text *text)
{
	const struct setup_service none = { .name = "" };

	if (found->asks_us)
		return;
	steps_title(text, number,
		    "Let Postfix ask. With these lines mail flows also while sendwatch is down:");
	steps_file("/etc/postfix/sendwatch_deny", text);
	text_add_format(text, "     postmap %s:/etc/postfix/sendwatch_deny\n", found->map);
	for (size_t i = 0; i < found->service_count; i++)
		steps_restrictions(found, &found->services[i], text);
	if (found->service_count == 0)
		steps_restrictions(found, &none, text);
	if (*found->submit_users == '\0') {
		steps_file("/etc/postfix/sendwatch_users", text);
		text_add(
			text,
			SPAN("     postconf -e 'authorized_submit_users = !/etc/postfix/sendwatch_users, static:all'\n"));
	} else {
		text_add(
			text,
			SPAN("     (authorized_submit_users is set already, so local users are left alone: "));
		text_add_printable(text, span_of(found->submit_users));
		text_add(text, SPAN(")\n"));
	}
	text_add(text, SPAN("     postfix reload\n"));
	if (found->asks_policy)
		text_add(
			text,
			SPAN("\n   Postfix asks a policy service of somebody else's already; it stays, behind ours.\n"));
	if (strcmp(found->map, "hash") == 0 || strcmp(found->map, "btree") == 0)
		text_add(
			text,
			SPAN("\n   With the package postfix-lmdb and map = lmdb, sessions that are open are stopped by the\n"
			     "   table too.\n"));
}

static void steps_exim(const struct setup_found *found, unsigned *number, struct text *text)
{
	steps_title(text, number, "Let Exim ask. In the RCPT ACL, before accounts are accepted:");
	text_add_format(
		text,
		"     warn  authenticated = *\n"
		"           set acl_m_policy = ${readsocket{inet:127.0.0.1:%u}{request=smtpd_access_policy\\nprotocol_state=RCPT"
		"\\nsasl_username=$authenticated_id\\n\\n}{2s}{ }{action=DUNNO}}\n"
		"     deny  condition = ${if match{$acl_m_policy}{^action=554 }}\n"
		"           message   = ${sg{$acl_m_policy}{^action=554 }{}}\n"
		"     defer condition = ${if match{$acl_m_policy}{^action=450 }}\n"
		"           message   = ${sg{$acl_m_policy}{^action=450 }{}}\n"
		"     deny  authenticated = *\n"
		"           condition = ${lookup{${lc:$authenticated_id}}lsearch{%s}{yes}{no}}\n"
		"           message   = This account is suspended\n"
		"\n   and in the ACL of acl_not_smtp, for local users:\n\n"
		"     deny  condition = ${lookup{$sender_ident}lsearch{%s}{yes}{no}}\n"
		"\n   The file must be there before Exim asks for it:\n\n",
		found->policy_port, found->exim_list, found->exim_list);
	steps_file(found->exim_list, text);
}

static void steps_acting(const struct setup_found *found, struct text *text)
{
	if (found->panel != NULL)
		text_add_format(
			text,
			"\n   %s: give the helper the rights of the panel's own commands:\n\n"
			"     mkdir -p /etc/systemd/system/sendwatch.service.d\n"
			"     cp /usr/share/doc/sendwatch/examples/panel.conf /etc/systemd/system/sendwatch.service.d/\n"
			"     systemctl daemon-reload && systemctl restart sendwatch\n",
			found->panel->label);
	else {
		text_add(
			text,
			SPAN("\n   Its helper may write where the unit lets it:\n\n     systemctl edit sendwatch\n\n"
			     "       [Service]\n"));
		if (found->postfix.installed)
			text_add(text, SPAN("       ReadWritePaths=/etc/postfix -/var/spool/postfix\n"));
		if (found->exim.installed && *found->exim_list != '\0') {
			struct span folder = span_of(found->exim_list), name;

			(void)span_cut_last(&folder, SPAN("/"), &name);
			text_add_format(text, "       ReadWritePaths=%.*s -/var/log/exim4 -/var/log/exim\n",
					SPAN_ARGS(folder));
			if (*found->exim_spool != '\0')
				text_add_format(text, "       ReadWritePaths=-%s\n", found->exim_spool);
			text_add(text, SPAN("       CapabilityBoundingSet=CAP_CHOWN CAP_FOWNER\n"));
		}
		if (found->dovecot.installed)
			text_add(text, SPAN("       ReadWritePaths=/etc/dovecot\n"));
		text_add(text, SPAN("\n     systemctl restart sendwatch\n"));
	}
}

static void steps_dovecot(const struct setup_found *found, unsigned *number, struct text *text)
{
	steps_title(text, number, "Let Dovecot ask. Before the first passdb:");
	text_add_format(text,
			"     # in %s\n"
			"     passdb %s{\n"
			"       driver = passwd-file\n"
			"       deny = yes\n"
			"%s"
			"     }\n"
			"\n   The file must be there before Dovecot asks for it:\n\n",
			found->dovecot_auth, found->dovecot_named ? "sendwatch " : "",
			found->dovecot_named
				? "       auth_username_format = %{user | lower}\n"
				  "       passwd_file_path = /etc/dovecot/sendwatch_deny\n"
				: "       args = username_format=%Lu /etc/dovecot/sendwatch_deny\n");
	steps_file("/etc/dovecot/sendwatch_deny", text);
	text_add(text, SPAN("     doveadm reload\n"));
}

void setup_steps(const struct setup_found *found, const char *conf, struct text *text)
{
	bool mta = found->postfix.installed || found->exim.installed, begun = false;
	unsigned number = 0;

	text_add(text, SPAN("What is left to do:\n"));
	steps_title(
		text, &number,
		"See what it would have said of the last weeks, then start it. It learns from the logs and\n"
		"   their rotations by itself at the first start:");
	text_add_format(text, "     sendwatch check -c %s\n", conf);
	for (size_t i = 0; i < found->log_count; i++)
		if (found->logs[i].fresh) {
			if (!begun)
				text_add_format(text, "     sendwatch replay -c %s", conf);
			text_add_format(text, " '%s*'", found->logs[i].path);
			begun = true;
		}
	text_add(text, begun ? SPAN("\n") : SPAN(""));
	if (!found->user)
		text_add(text, SPAN("     systemd-sysusers    # or: useradd -r -G adm sendwatch\n"));
	text_add(text, SPAN("     systemctl enable --now sendwatch\n"));
	if (found->volatile_journal)
		text_add(
			text,
			SPAN("     mkdir /var/log/journal && systemctl restart systemd-journald    # it outlives a restart then\n"));
	if (found->exim.installed && !found->exim_arguments && *found->exim_config != '\0')
		text_add_format(
			text,
			"\n   In %s, log_selector = +arguments ... names the folder of a script that\n"
			"   sends: without it, all scripts of a user are one account.\n",
			found->exim_config);
	steps_title(text, &number, "Say who is told (webhook, mail or command), and try it:");
	text_add_format(text, "     editor %s\n     sendwatch check -c %s --send-test\n", conf, conf);
	if (!mta)
		return;
	if (found->panel == NULL && found->postfix.installed)
		steps_postfix(found, &number, text);
	if (found->panel == NULL && found->exim.installed && *found->exim_list != '\0')
		steps_exim(found, &number, text);
	if (found->panel == NULL && found->dovecot.installed && *found->dovecot_auth != '\0')
		steps_dovecot(found, &number, text);
	text_add_format(
		text,
		"\n%u. When its verdicts have been right for a while, let it act: [act] dry_run = no.\n",
		++number);
	steps_acting(found, text);
}
