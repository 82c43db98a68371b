/*
 * What the ledger's own files share; nobody else includes this.
 *
 * A message is a record in one table, by its queue id. Its texts are packed into one block, its recipients
 * are eight bytes each. A second leg (a re-injection, a requeue) is a record of its own that leads to
 * the first leg's, the root: the root has the account, the recipients, and one attempt for each.
 */
#ifndef SENDWATCH_PARSERS_LEDGER_PARTS_H
#define SENDWATCH_PARSERS_LEDGER_PARTS_H

#include "base/map.h"
#include "base/seldom.h"
#include "parsers/account.h"
#include "parsers/ledger.h"
#include "parsers/owners.h"
#include "parsers/users.h"

/* One event and where it stands. */
struct step {
	const struct frame *frame;
	const struct event *event;
	uint32_t source;
	uint64_t position;
	uint64_t key; /* by which the table of messages has the event's queue id; 0: to be found out */
};

enum text_field {
	TEXT_QUEUE_ID, /* may stand several times: one a leg */
	TEXT_ACCOUNT,
	TEXT_CUSTOMER,
	TEXT_CLIENT,
	TEXT_HELO,
	TEXT_MESSAGE_ID,
	TEXT_SENDER,
	TEXT_SUBJECT,
	TEXT_SCRIPT,
	TEXT_ORIGINAL, /* may stand several times: 4 bytes of the recipient's hash, then its original address */
	TEXT_FIELDS
};

enum message_flag {
	MESSAGE_LOOPBACK = 1,   /* came by SMTP from this machine, without login: may be a second leg */
	MESSAGE_UNSURE = 2,     /* and a first leg of its message-id is about: its results wait */
	MESSAGE_REINJECTED = 4, /* known to be a second leg, even where the first is not known */
	MESSAGE_EXPECTED = 8,   /* "queued as" this id, and no line of its own yet */
	MESSAGE_HANDED = 16,    /* a content filter took it over */
	MESSAGE_SUBMITTED = 32, /* the sink has been told */
	MESSAGE_ENDED = 64,     /* its queue id is free again; kept for its legs or what waits */
	MESSAGE_NULL_SENDER = 128,
	MESSAGE_NOTICE = 256, /* a bounce or another notification by the server itself */
	MESSAGE_ORPHAN = 512, /* its beginning was never seen */
	MESSAGE_SENDER_KNOWN = 1024,
	MESSAGE_SRS = 2048,      /* the sender was rewritten by a forwarder */
	MESSAGE_EARLY = 4096,    /* has results that wait for the line that brings it in */
	MESSAGE_ANSWERED = 8192, /* an autoreply to it went out */
	MESSAGE_RENAMED = 16384  /* it has more than one queue id */
};

struct recipient {
	uint32_t hash;
	uint8_t outcome;
	uint8_t class;
	uint8_t tries;
	uint8_t original; /* of its hash, never 0; 0: none was logged */
};

#define RECIPIENTS_INSIDE 4

struct kept; /* a recipient's texts, where the sink wants ATTEMPT_DONE */

/* With what a table of them puts before each, three lines of the cache: what finding it needs is in the first. */
struct message {
	usec_t time;   /* when it came in */
	uint32_t news; /* seconds since 1970 of the last line about it */
	uint32_t root; /* slot of the first leg; MAP_NONE where this is it */
	uint16_t flags;
	uint16_t host;
	uint8_t mta;
	uint8_t account_kind;
	uint16_t held; /* results of it that wait */
	char *text;
	uint16_t text_len, text_room;
	uint32_t next_leg;   /* root: the first of its legs; leg: the next one; MAP_NONE at the end */
	uint32_t message_id; /* hash; 0: none */
	uint32_t uid;        /* of a local submission, or UINT32_MAX */

	uint16_t texts[TEXT_FIELDS]; /* where the last of each field begins, but the first queue id; 0: none */
	int32_t nrcpt;
	uint32_t size;                /* bytes; UINT32_MAX: not known */
	uint32_t note[ENVELOPE_NOTE]; /* the sink's (envelope); zeros again with each text that is put */
	uint32_t recipient_count, recipient_room;

	struct recipient inside[RECIPIENTS_INSIDE];
	struct recipient *more; /* all recipients, once they are more than fit inside */
	uint32_t *index;        /* to recipients by their hash, once they are many */
	struct kept **kept;     /* one a recipient, or NULL */
	uint32_t kept_room;
};

enum held_kind { HELD_ALL, HELD_SUSPECTS, HELD_MARKS };

/* A result that waits until it is known whose it is. */
struct held {
	struct held *next;
	usec_t due; /* then it waits no longer */
	uint32_t slot;
	bool result;  /* false: only keeps the message waiting */
	bool suspect; /* given to what may be a content filter */
	bool certain; /* and is one, by the settings */
	uint32_t source;
	uint64_t position;
	struct frame frame;
	struct event event;
	char *text;
};

struct script {
	usec_t time;
	uint32_t source, pid;
	uint16_t host;
	uint16_t len; /* 0: free */
	char directory[300];
};

/* A failed login that Exim may write to a second log too. */
struct refusal {
	usec_t time;
	uint64_t hash; /* of the words; 0: free, or met its twin */
	uint32_t source;
};

#define LEDGER_REFUSALS 32

/* An address or a block of them. */
struct network {
	uint8_t address[16];
	unsigned bits;
};

struct host {
	char *name;
	size_t len;
};

#define LEDGER_SCRIPTS 64
#define LEDGER_HELD    4096 /* most that waits at once */
#define LEDGER_WAYS    8
#define LEDGER_KNOWN   64
#define LEDGER_TEXTS   256

/* An account that is known before its message: by the client's address, alone or with its port, or by a queue id. */
struct known {
	usec_t time;
	uint16_t host;
	uint8_t key_len, account_len;
	char key[54];
	char account[ACCOUNT_SIZE];
};

struct ledger {
	struct ledger_options options;
	struct ledger_sink sink;
	struct replies *replies;
	struct account_rules rules;
	struct owners *owners;
	struct users *users;
	struct network *trusted;
	size_t trusted_count;
	struct map *messages;
	char *texts[LEDGER_TEXTS]; /* blocks that messages gave back */
	uint32_t text_count;
	struct host *hosts; /* the first has no name */
	uint32_t host_count;
	uint16_t host_last; /* of the line before, as most lines have the same */
	struct span host_name;
	uint32_t host_source; /* where it has none: 1 + the source of its line */
	uint64_t host_hash;
	usec_t now; /* the latest stamp */
	struct held *held_first, **held_end;
	size_t held_count;
	usec_t held_due; /* no held one is due before */
	struct script scripts[LEDGER_SCRIPTS];
	uint32_t script_next;
	struct known *known; /* NULL until there is one */
	uint32_t known_next;
	struct refusal refusals[LEDGER_REFUSALS];
	uint32_t refusal_next;
	/* Slots, plus one, of the newest open messages of each bucket. */
	uint32_t (*by_message_id)[LEDGER_WAYS];
	uint32_t buckets, noted;    /* a power of two; open messages in them */
	uint64_t secret;            /* of the first message: spreads message-ids over the buckets */
	uint64_t filter_letters[2]; /* with which names of filters in the settings begin: a bit each */
	bool filters_have_ports;    /* in the settings */
	bool proxy_tells;           /* a proxy filter's lines name the login, so one without has none */
	bool filter_piped;          /* some filter is run as a command, and gives back by sendmail */
	char filter_transport[32];  /* Exim's, that last handed a message to a filter run as a command */
	usec_t filter_seen;         /* when a content filter last took a message over */
	uint32_t order_vain;        /* messages in a row that waited for lines in vain */
	uint32_t order_tries;       /* that did not wait since */
	uint32_t submit_source;     /* of the line at hand, for the sink */
	uint64_t submit_position;
	struct providers_known providers;
	struct ledger_stats stats;
};

/* ledger_message.c: records, their texts and recipients */
uint16_t ledger_host_id(struct ledger *ledger, const struct step *step);
struct message *ledger_find(struct ledger *ledger, const struct step *step, enum event_mta mta,
			    struct span queue_id);
/* A new record; nothing has been found under this queue id. */
struct message *ledger_open(struct ledger *ledger, const struct step *step, struct span queue_id);
uint64_t ledger_event_key(struct ledger *ledger, const struct step *step); /* for a step's key */
void ledger_forget(struct ledger *ledger, struct message *message);
struct message *ledger_root(struct ledger *ledger, struct message *message);
void ledger_link(struct ledger *ledger, struct message *root, struct message *leg);
void ledger_end(struct ledger *ledger, struct message *message);
void ledger_settle(struct ledger *ledger, struct message *root);
struct span ledger_host(const struct ledger *ledger, const struct message *message);
void message_put(struct message *message, enum text_field field, struct span text);
struct span message_get(const struct message *message, enum text_field field);
/* The next field at or after *AT, which is moved past it. False at the end. */
bool message_next(const struct message *message, size_t *at, enum text_field *field_r, struct span *text_r);

/* ledger_recipient.c */
uint64_t event_recipient_hash(const struct event *event);
uint32_t recipient_key(uint64_t hash); /* of hash_stable: what a message keeps of a recipient */
uint8_t recipient_hash_original(struct span original);
struct recipient *message_recipients(struct message *message);
struct recipient *message_recipient(struct message *message, uint32_t hash, uint8_t original);
struct recipient *message_recipient_add(struct message *message, uint32_t hash, uint8_t original);
void message_original_put(struct message *message, uint32_t hash, struct span original);
struct span message_original(const struct message *message, uint32_t hash);

/* ledger_account.c: who is answerable */
bool ledger_is_here(struct span address);
bool ledger_read_trusted(struct ledger *ledger, struct error *error);
bool setting_list_has(const struct setting_list *list, struct span text);
/* Of what logged in; the account's name may be built in NAME. */
struct span ledger_login_account(const struct ledger *ledger, const struct event *event,
				 struct account_name *name);
void ledger_attribute(struct ledger *ledger, struct message *message, const struct step *step);
void ledger_attribute_sender(struct ledger *ledger, struct message *message);
void ledger_set_account(struct ledger *ledger, struct message *message, enum account_kind kind,
			struct span account);
void ledger_set_script(struct ledger *ledger, struct message *message, struct span directory);
void ledger_set_identified(struct ledger *ledger, struct message *message, struct span account);
bool ledger_is_server_user(struct span user);
void ledger_proxied(struct ledger *ledger, const struct step *step);
void ledger_set_notice(struct ledger *ledger, struct message *message, struct message *parent);

/* ledger_login.c */
void ledger_login(struct ledger *ledger, const struct step *step);

/* ledger_script.c */
void ledger_note_script(struct ledger *ledger, const struct step *step);
struct span ledger_script_for(struct ledger *ledger, const struct step *step, struct span user);
void ledger_note_known(struct ledger *ledger, const struct step *step, struct span key, struct span account);
struct span ledger_known_for(struct ledger *ledger, const struct step *step, struct span key);

/* The same with the connection of STEP's client as key: Exim's, on a machine of cPanel's. */
void ledger_note_connection(struct ledger *ledger, const struct step *step);
struct span ledger_connection_for(struct ledger *ledger, const struct step *step);

/* ledger_filter.c: content filters' second legs */
void ledger_note_filter(struct ledger *ledger, const char *name); /* one of the settings */
void ledger_note_message_id(struct ledger *ledger, struct message *message, struct span message_id);
void ledger_note_no_more(struct ledger *ledger, struct message *message); /* it goes */
bool ledger_join(struct ledger *ledger, const struct step *step, enum event_mta mta, struct span first,
		 struct span second);
void ledger_doubt(struct ledger *ledger, struct message *message);
void ledger_make_unsure(struct ledger *ledger, struct message *message);
void ledger_arrived(struct ledger *ledger, struct message *second);
void ledger_stands_alone(struct ledger *ledger, struct message *message);
bool ledger_handed_over(struct ledger *ledger, struct message *message, const struct step *step);
bool ledger_must_wait(struct ledger *ledger, struct message *message, const struct step *step);

/* ledger_held.c */
struct held *ledger_hold(struct ledger *ledger, struct message *message, const struct step *step,
			 usec_t wait);
void ledger_hold_open(struct ledger *ledger, struct message *message, usec_t due);
void ledger_release(struct ledger *ledger, struct message *message, bool all);
void ledger_drop_held(struct ledger *ledger, struct message *message, enum held_kind kind);
SELDOM void ledger_release_due(struct ledger *ledger);
bool ledger_has_suspects(const struct ledger *ledger, const struct message *message);

/* ledger_order.c: lines in another order than they were written */
struct message *ledger_open_orphan(struct ledger *ledger,
				   const struct step *step); /* by a line that begins none */
bool message_awaits_beginning(const struct message *message);
/* Does STEP bring MESSAGE in, of which other lines have told? Or the leg of which others have told? */
bool message_begins_late(const struct message *message, const struct step *step);
bool message_arrives_late(struct message *message, const struct step *step);
usec_t message_result_waits(const struct message *root); /* how long a result waits for what is missing */
/* The queue's word on a message that awaits its beginning: it is acted on when that has come, or has not. */
void ledger_put_off(struct ledger *ledger, struct message *message, const struct step *step);
void ledger_catch_up(struct ledger *ledger, struct message *message); /* what was put off is done */
void ledger_begins(struct ledger *ledger, struct message *message);
void ledger_never_begins(struct ledger *ledger, struct message *message); /* it has waited for long enough */
bool ledger_lacks_results(struct ledger *ledger, struct message *message);
/* MESSAGE is about to end, and lacks results; one came nevertheless; none came. */
void ledger_await_results(struct ledger *ledger, struct message *message, const struct step *step);
void ledger_awaited_result(struct ledger *ledger, const struct message *message);
void ledger_awaited_in_vain(struct ledger *ledger, struct message *message);

/* ledger_attempt.c: what the sink is told */
bool event_is_local(const struct event *event);
void ledger_submit(struct ledger *ledger, struct message *message);
void ledger_attempt(struct ledger *ledger, struct message *message, const struct step *step);
/* Recipients that were deferred until now are expired, held or discarded: all of them by one line. */
void ledger_give_up(struct ledger *ledger, struct message *message, const struct step *step,
		    enum event_outcome outcome);
void ledger_result(struct ledger *ledger, struct message *message, const struct step *step);
void message_queue_ids(const struct message *root, struct attempt *attempt);
void message_envelope(const struct ledger *ledger, struct message *message, struct envelope *envelope_r);

/* ledger_done.c: texts kept for ATTEMPT_DONE */
void message_keep(struct message *message, const struct recipient *recipient, const struct attempt *attempt);
void message_keep_original(struct message *message, const struct recipient *recipient, struct span original);
void ledger_done(struct ledger *ledger, struct message *message);
void ledger_kept_attempt(const struct message *message, uint32_t number, struct attempt *attempt_r,
			 struct envelope *envelope);

#endif
