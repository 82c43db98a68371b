/*
 * An event is what one log line says, in the words of RFC 5321 and of the MTA that wrote it. Text is
 * borrowed from the line, raw as logged, without the angle brackets; absent fields are { NULL, 0 }.
 * sendwatch-events(5) documents names and meanings, since `sendwatch parse` prints them.
 */
#ifndef SENDWATCH_PARSERS_EVENT_H
#define SENDWATCH_PARSERS_EVENT_H

#include "base/clock.h"
#include "base/span.h"

enum event_kind {
	EVENT_FOREIGN,    /* not a program that we read */
	EVENT_UNKNOWN,    /* a program that we read, in words that we do not know */
	EVENT_IDLE,       /* understood, and of no account (connect, statistics) */
	EVENT_CLIENT,     /* a message comes in: smtpd client=, pickup, Exim <= ; opens the queue id */
	EVENT_MESSAGE_ID, /* cleanup: message-id */
	EVENT_ACTIVE,     /* qmgr: from, size, nrcpt (queue active) */
	EVENT_RESULT,     /* one recipient's outcome for now */
	EVENT_REJECT, /* a command refused by us: RCPT, MAIL, AUTH policy ...; with a queue id or without */
	EVENT_REJECT_WARNING, /* would have been refused; was not */
	EVENT_NOTICE,         /* bounce: a notification goes out as child_id for queue_id */
	EVENT_HOLD,           /* put on hold, frozen */
	EVENT_RELEASE,        /* off hold, thawed */
	EVENT_REQUEUE,        /* postsuper -r: queue_id goes on as child_id where that is known */
	EVENT_EXPIRED,        /* qmgr: from=, status=expired, returned to sender */
	EVENT_DISCARD,        /* the whole message thrown away by rule */
	EVENT_REDIRECT,       /* recipients replaced by rule */
	EVENT_HEADER,       /* header or body check, INFO and WARN; X-PHP-Originating-Script in `directory` */
	EVENT_END,          /* removed, Completed: the queue id is free again */
	EVENT_LOGIN,        /* authentication succeeded (mail clients, Dovecot) */
	EVENT_LOGIN_FAILED, /* Dovecot's program "auth" says again what smtpd or *-login says of the same try */
	EVENT_SCRIPT,       /* Exim cwd= before a local submission; cPanel's Sender identification */
	EVENT_FILTERED,     /* a content filter's line that joins queue_id to child_id (amavis) */
	EVENT_TROUBLE,      /* fatal, panic, error, disk full: the server itself */
	EVENT_KINDS
};

enum event_mta { MTA_NONE, MTA_POSTFIX, MTA_EXIM, MTA_DOVECOT, MTA_FILTER };

enum event_outcome {
	OUTCOME_UNKNOWN,
	OUTCOME_DELIVERED,
	OUTCOME_DEFERRED,
	OUTCOME_BOUNCED,
	OUTCOME_EXPIRED,
	OUTCOME_HELD,
	OUTCOME_DISCARDED,
	OUTCOME_PROBE, /* deliverable, undeliverable: an address was tried, nothing was sent */
};

enum event_phase {
	PHASE_UNKNOWN,
	PHASE_CONNECT,
	PHASE_HELO,
	PHASE_MAIL,
	PHASE_RCPT,
	PHASE_DATA,
	PHASE_END_OF_DATA
};

struct event {
	enum event_kind kind;
	enum event_mta mta;
	enum event_outcome outcome;
	enum event_phase phase; /* of the remote's reply, or of our refusal */
	bool local;           /* EVENT_RESULT: final delivery on this machine; EVENT_CLIENT: not over SMTP */
	bool internal_client; /* EVENT_CLIENT: a content filter gave it back (XFORWARD, orig_queue_id) */
	bool reply_joined;    /* the reply's lines were joined by blanks */
	bool early; /* EVENT_RESULT: delivered while it came in, told before its EVENT_CLIENT (Exim's >>) */
	bool tls_failed;         /* EVENT_IDLE: a connection could not be encrypted */
	bool lmtp;               /* EVENT_RESULT: by LMTP, the last step into a mailbox, here or elsewhere */
	bool login_is_account;   /* account_is_login of login; false: to be found out */
	uint32_t repeat;         /* from the frame */
	int64_t uid;             /* pickup's uid; -1 where absent */
	int64_t size;            /* bytes; -1 where absent */
	int32_t nrcpt;           /* recipients; -1 where absent */
	uint64_t id_hash;        /* hash_text of queue_id; 0: to be found out */
	uint64_t recipient_hash; /* hash_stable of recipient; 0: to be found out */
	uint64_t relay_hash;     /* hash_text of relay; 0: to be found out */
	struct span program;     /* service: "submission/smtpd", "smtp", "exim", "imap-login" */
	struct span queue_id;
	/*
	 * Of EVENT_RESULT: what the next hop says it queued the message as; its own words, to be believed where
	 * `relay` is ours, or `local` is set (an alias of ours forwards it).
	 */
	struct span child_id;  /* re-injection, notification, requeue: the other id */
	struct span parent_id; /* EVENT_CLIENT: orig_queue_id, Exim's R= of a bounce */
	struct span client_name, client_ip, client_port, helo;
	struct span login;     /* sasl_username, A=driver:LOGIN, U= of a local submission, Dovecot's user */
	struct span method;    /* PLAIN, LOGIN; Exim's authenticator */
	struct span protocol;  /* esmtpsa, ESMTP */
	struct span directory; /* of a script */
	struct span sender;    /* envelope, "" for <> */
	struct span recipient, original_recipient;
	struct span recipients; /* Exim's "for a b c", blank-separated */
	struct span message_id, subject;
	struct span relay, relay_ip, relay_port;
	struct span local_ip;  /* own address towards the relay or the client */
	struct span transport; /* Exim T=, Postfix's delivery agent */
	struct span router;
	struct span dsn;    /* 5.1.1 */
	struct span reply;  /* the remote's (or our own) words from the code on */
	struct span reason; /* EVENT_UNKNOWN, EVENT_IDLE: why, a constant; else the words around the reply */
};

#endif
