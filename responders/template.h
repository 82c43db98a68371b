/*
 * Templates of bodies. A template is text in which {account}, {state}, {text} and the other names of message.h
 * stand for what a message says; everything else stands for itself, and so does a brace that is not directly
 * followed by a name and a closing one. {chat} and {token} are the target's own settings.
 *
 * What is put in is escaped for JSON, and before it for the markup of whoever shows it, so that an account named
 * "@everyone <!channel> [here](https://...)" is that text and nothing else.
 */
#ifndef SENDWATCH_RESPONDERS_TEMPLATE_H
#define SENDWATCH_RESPONDERS_TEMPLATE_H

#include "base/error.h"
#include "responders/message.h"

struct template
{
	const char *name;
	const char *body; /* NULL: what is told goes as it is */
	const char *
		closes; /* appended to the URL where it is over and the service wants that elsewhere; else NULL */
	const char *closing; /* the body that goes there; NULL: the same */
	bool entities;       /* & < > become entities */
	bool markdown;       /* marks of markdown get a backslash */
	bool mentions;       /* an @ that begins a word, and "://", are broken up */
	bool alone;          /* an alert an account: never gathered */
	bool plain;          /* no JSON at all: mails */
	bool token, chat;    /* cannot do without */
	size_t longest;      /* bytes of one field as it is shown, 0: no bound */
};

/* NAME's choices for a setting, ended by NULL; "own" is the last. */
extern const char *const template_choices[];
extern const struct template template_of[]; /* by the choice's number */
#define TEMPLATE_OWN 9

struct template_given {
	const char *chat, *token; /* NULL where not set */
};

/* Are all its names known, and is it JSON when it is filled (unless it is plain)? WHERE begins the words of ERROR. */
bool template_check(const struct template *template, const char *where, struct error *error);

void template_fill(const struct template *template, const struct message *message,
		   const struct template_given *given, struct text *out);

/* What is to be appended to the URL for this message; false where nothing is. */
bool template_tail(const struct template *template, const struct message *message, struct text *out);

#endif
