/*
 * "<= sender R= H= I= U= P= X= .. A= .. S= .. id= T=".." from <..> for ..": a message came in.
 *
 * Exim writes these fields in one order, and the walk insists on it: a field that stands where it cannot
 * stand proves that a text before it, which the client chose, was taken too short. The walk then goes back
 * to the last such text, lets it reach up to here and forgets what it had read in between. So a HELO name,
 * an RFC 1413 identity or a MAIL AUTH= that imitates fields ends up as what it is. The subject and quoted
 * addresses are closed by quotes that Exim escapes.
 */
#define _GNU_SOURCE
#include "parsers/exim.h"

#include "base/seldom.h"

/* In the order of the line. Fields of one rank come in any order, which versions have changed. */
enum rank {
	RANK_SENDER,
	RANK_PARENT,
	RANK_HOST,
	RANK_INTERFACE,
	RANK_IDENTITY,
	RANK_PROTOCOL,
	RANK_TLS,
	RANK_LOGIN,
	RANK_SESSION,
	RANK_SIZE,
	RANK_MESSAGE,
	RANK_MESSAGE_ID,
	RANK_SUBJECT,
	RANK_FROM,
	RANK_FOR
};

/* A text of the client's that may reach further than it seemed. */
struct elastic {
	enum rank rank;
	const char *begin;
};

struct walk {
	struct event *event;
	enum rank rank;
	struct span identity;
	bool doubtful; /* a text that may hold blanks stands before A= */
	struct elastic elastic[4];
	size_t depth;
};

/* One by one: what is elastic need not be zeroed for each line. */
static void walk_begin(struct walk *walk, struct event *event)
{
	walk->event = event;
	walk->rank = RANK_SENDER;
	walk->identity = (struct span){ NULL, 0 };
	walk->doubtful = false;
	walk->depth = 0;
}

/* What was read after RANK was not the line's own. */
static void forget_after(struct walk *walk, enum rank rank)
{
	struct event *event = walk->event;

	if (rank < RANK_INTERFACE)
		event->local_ip = (struct span){ NULL, 0 };
	if (rank < RANK_IDENTITY)
		walk->identity = (struct span){ NULL, 0 };
	if (rank < RANK_PROTOCOL)
		event->protocol = (struct span){ NULL, 0 };
	if (rank < RANK_LOGIN)
		event->method = event->login = (struct span){ NULL, 0 };
	if (rank < RANK_SIZE)
		event->size = -1;
	if (rank < RANK_MESSAGE_ID)
		event->message_id = (struct span){ NULL, 0 };
	if (rank < RANK_SUBJECT)
		event->subject = (struct span){ NULL, 0 };
	walk->rank = rank;
}

static void remember(struct walk *walk, enum rank rank, const char *begin)
{
	if (walk->depth < sizeof(walk->elastic) / sizeof(walk->elastic[0]))
		walk->elastic[walk->depth++] = (struct elastic){ rank, begin };
}

/*
 * The last elastic text before which a field of RANK could stand reaches up to here, to PLACE; or, where the text is of
 * its own rank, the field is part of that text.
 */
static SELDOM bool stretch(struct walk *walk, enum rank rank, const char *place)
{
	for (size_t i = walk->depth; i-- > 0;) {
		struct elastic text = walk->elastic[i];

		if (text.rank == rank)
			return false;
		if (text.rank > rank)
			continue;
		forget_after(walk, text.rank);
		walk->depth = i + 1;
		if (text.rank == RANK_IDENTITY)
			walk->identity = (struct span){ text.begin, (size_t)(place - text.begin) - 1 };
		walk->rank = rank;
		return true;
	}
	return false;
}

/* May a field of RANK stand at PLACE? */
static inline bool may_stand(struct walk *walk, enum rank rank, const char *place)
{
	bool shared = rank == RANK_TLS || rank == RANK_SESSION || rank == RANK_MESSAGE;

	if (rank < walk->rank || (rank == walk->rank && !shared))
		return stretch(walk, rank, place);
	walk->rank = rank;
	return true;
}

static void take_host(struct walk *walk, struct span *rest)
{
	struct exim_host host;

	if (!exim_take_host(rest, &host))
		return;
	span_skip(rest, SPAN(" "));
	exim_set_client(walk->event, &host);
}

/* "[ip]" after a ")" where no address belongs: the HELO name in brackets was longer than it seemed. */
static bool regrow_helo(struct walk *walk, struct span *rest)
{
	struct event *event = walk->event;
	const char *end = rest->at - 2;
	struct span ip, port = { NULL, 0 };

	if (event->helo.at == NULL || end < event->helo.at || *end != ')' || !exim_take_ip(rest, &ip, &port))
		return false;
	walk->depth = 0;
	forget_after(walk, RANK_HOST);
	event->helo = (struct span){ event->helo.at, (size_t)(end - event->helo.at) };
	event->client_ip = ip;
	event->client_port = port;
	span_skip(rest, SPAN(" "));
	return true;
}

static bool quotes_are_odd(struct span text)
{
	bool odd = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\\')
			i++;
		else if (text.at[i] == '"')
			odd = !odd;
	}
	return odd;
}

/*
 * What is quoted may hold blanks, and all that ends a HELO name. Did a quote of that name's open TEXT, and one that
 * Exim wrote close it? Exim's own come in pairs, so that a single one is left in REST then: nobody's login can be
 * written into the name, and nobody hides his own behind such a text.
 */
static bool helo_opened(const struct walk *walk, struct span text, struct span rest)
{
	return exim_helo_goes_on(walk->event->helo, text) && quotes_are_odd(rest);
}

/* The same of an address: Exim's, where it is quoted, is one quoted text and a domain. */
static bool helo_opened_address(const struct walk *walk, struct span address, struct span rest)
{
	struct span domain = address, text;

	if (!exim_helo_goes_on(walk->event->helo, address))
		return false;
	return quotes_are_odd(rest) || !exim_take_quoted(&domain, &text) || !span_starts(domain, SPAN("@")) ||
	       memchr(domain.at, '"', domain.len) != NULL || memchr(domain.at, ' ', domain.len) != NULL;
}

/* An address that no HELO name opened. Without quotes it holds no blank, and so nothing that ends such a name. */
static inline bool take_address(const struct walk *walk, struct span *rest, struct span *address_r)
{
	size_t len = exim_plain_address(*rest);

	if (len == 0)
		return exim_take_address(rest, address_r) && !helo_opened_address(walk, *address_r, *rest);
	*address_r = span_head(*rest, len);
	*rest = span_from(*rest, len + 1);
	return true;
}

/* "a@b c@d" to the end of the line, and nothing else: the recipients, counted. */
static bool take_recipients(struct walk *walk, struct span rest)
{
	struct span all = rest, address;
	int32_t count = 0;

	while (rest.len > 0) {
		const char *at;

		if (!take_address(walk, &rest, &address))
			return false;
		at = memrchr(address.at, '@', address.len);
		if (at == NULL || memchr(at, '"', (size_t)(address.at + address.len - at)) != NULL)
			return false;
		count++;
	}
	if (count == 0)
		return false;
	walk->event->recipients = all;
	walk->event->nrcpt = count;
	return true;
}

static void take_subject(struct walk *walk, struct span *rest)
{
	struct span value = span_from(*rest, 2), after = value, subject;

	if (exim_take_whole_quoted(&after, &subject) && !helo_opened(walk, subject, after)) {
		walk->event->subject = subject;
		*rest = after;
	} else if (walk->event->helo.at == NULL || span_find(value, SPAN(") [")) == value.len) {
		/* Cut off by a limit of syslog. */
		walk->event->subject = span_from(value, value.len > 0);
		*rest = span_from(value, value.len);
	} else {
		*rest = value;
	}
}

static void take_authenticator(struct walk *walk, struct span value)
{
	exim_take_authenticator(value, walk->event);
	if (walk->event->login.at != NULL &&
	    walk->event->login.at + walk->event->login.len < value.at + value.len)
		remember(walk, RANK_LOGIN, value.at);
}

/* One field TAG=VALUE that reaches to the next blank, or a word of somebody's. */
static void take_field(struct walk *walk, struct span field)
{
	struct event *event = walk->event;
	struct span value = { field.at + 2, field.len - 2 };
	uint64_t size;

	if (field.len < 2 || field.at[1] != '=') {
		if (span_starts(field, SPAN("SNI=")) && may_stand(walk, RANK_TLS, field.at)) {
			remember(walk, RANK_TLS, field.at + 4);
			walk->doubtful = true;
		}
		/* CV= DN= PRX= M8S= DKIM= RT= Ci= and what versions to come will add. */
		return;
	}
	switch (field.at[0]) {
	case 'R':
		if (may_stand(walk, RANK_PARENT, field.at))
			event->parent_id = value;
		break;
	case 'U':
		if (may_stand(walk, RANK_IDENTITY, field.at)) {
			walk->identity = value;
			if (event->client_ip.at != NULL) {
				remember(walk, RANK_IDENTITY, value.at);
				walk->doubtful = true;
			}
		}
		break;
	case 'P':
		if (may_stand(walk, RANK_PROTOCOL, field.at))
			event->protocol = value;
		break;
	case 'A':
		if (may_stand(walk, RANK_LOGIN, field.at))
			take_authenticator(walk, value);
		break;
	case 'S':
		if (span_to_u64(value, &size) && size <= INT64_MAX && may_stand(walk, RANK_SIZE, field.at))
			event->size = (int64_t)size;
		break;
	case 'X':
		may_stand(walk, RANK_TLS, field.at);
		break;
	default:
		break;
	}
}

static bool take_quoted_name(struct walk *walk, struct span *rest)
{
	struct span value = span_from(*rest, 3), name;

	if (!may_stand(walk, RANK_TLS, rest->at) || !exim_take_whole_quoted(&value, &name) ||
	    helo_opened(walk, name, value))
		return false;
	/* Quotes in a certificate's name are not escaped. */
	walk->doubtful = true;
	*rest = value;
	return true;
}

static bool take_message_id(struct walk *walk, struct span *rest)
{
	struct span value = span_from(*rest, rest->at[2] == '*' ? 4 : 3), id;

	if (!may_stand(walk, RANK_MESSAGE_ID, rest->at) || !take_address(walk, &value, &id))
		return false;
	walk->event->message_id = id;
	*rest = value;
	return true;
}

static bool take_interface(struct walk *walk, struct span *rest)
{
	struct span value = span_from(*rest, 2), port = { NULL, 0 };

	if (!may_stand(walk, RANK_INTERFACE, rest->at) ||
	    !exim_take_ip(&value, &walk->event->local_ip, &port))
		return false;
	*rest = value;
	span_skip(rest, SPAN(" "));
	return true;
}

/* "from <sender>", and "for" with all that follows. False where the words are somebody's text. */
static bool take_from_and_for(struct walk *walk, struct span *rest)
{
	struct span value = *rest, sender;

	if (span_skip(&value, SPAN("from <"))) {
		value = span_from(*rest, 5);
		if (!exim_take_angle(&value, &sender) || helo_opened_address(walk, sender, value) ||
		    (value.len > 0 && !span_starts(value, SPAN(" for "))))
			return false;
		span_skip(&value, SPAN(" "));
		*rest = value;
		return true;
	}
	if (!span_skip(&value, SPAN("for ")) || !take_recipients(walk, value))
		return false;
	*rest = span_from(value, value.len);
	return true;
}

/* A field that may hold blanks. False where the next is none. The first byte says nearly always which. */
static bool take_long_field(struct walk *walk, struct span *rest)
{
	switch (rest->at[0]) {
	case 'H':
		if (!span_starts(*rest, SPAN("H=")) || !may_stand(walk, RANK_HOST, rest->at))
			return false;
		*rest = span_from(*rest, 2);
		take_host(walk, rest);
		return true;
	case 'I':
		return span_starts(*rest, SPAN("I=[")) && take_interface(walk, rest);
	case 'D':
		return span_starts(*rest, SPAN("DN=\"")) && take_quoted_name(walk, rest);
	case 'i':
		return (span_starts(*rest, SPAN("id=")) || span_starts(*rest, SPAN("id*="))) &&
		       take_message_id(walk, rest);
	case 'T':
		if (!span_starts(*rest, SPAN("T=\"")) || !may_stand(walk, RANK_SUBJECT, rest->at))
			return false;
		take_subject(walk, rest);
		return true;
	case '[':
		return regrow_helo(walk, rest);
	case 'f':
		return take_from_and_for(walk, rest);
	default:
		return false;
	}
}

static void step(struct walk *walk, struct span *rest)
{
	size_t len;

	if (take_long_field(walk, rest))
		return;
	len = span_near(*rest, ' ');
	take_field(walk, span_head(*rest, len));
	*rest = span_from(*rest, len + 1);
}

__attribute__((noinline)) void exim_arrival(struct span rest, struct event *event)
{
	struct walk walk;

	walk_begin(&walk, event);
	event->kind = EVENT_CLIENT;
	if (span_skip(&rest, SPAN("<>"))) {
		event->sender = span_head(rest, 0);
		span_skip(&rest, SPAN(" "));
	} else if (!take_address(&walk, &rest, &event->sender)) {
		event->kind = EVENT_UNKNOWN;
		event->reason = SPAN("arrival without a sender");
		return;
	}
	while (rest.len > 0)
		step(&walk, &rest);
	/* Only esmtpa, esmtpsa and their like have a login, and P= stands before what the client calls itself. */
	if (walk.doubtful && event->login.at != NULL && !span_ends(event->protocol, SPAN("a")))
		event->login = event->method = (struct span){ NULL, 0 };
	/* The account of a local submission; beside a host it is what that host said of itself (RFC 1413). */
	if (event->client_ip.at == NULL) {
		event->local = true;
		if (event->login.at == NULL)
			event->login = walk.identity;
	}
}
