/*
 * Tables of codes. A code names a cause coarsely: rules come first, these only where none matches.
 *
 * The same code means different things at different commands: a 550 to RCPT is most often about the recipient,
 * to the greeting about our address, after the data about the message.
 */
#include "parsers/reply_codes.h"

struct enhanced_row {
	uint8_t subject, detail;
	enum reply_class permanent, temporary;
	const char *sentence;
};

/* 4.x.y and 5.x.y in one row; the first digit chooses. */
static const struct enhanced_row enhanced_rows[] = {
	{ 0, 0, REPLY_UNKNOWN, REPLY_REMOTE_TEMPORARY, "The receiver gives no cause." },
	{ 1, 0, REPLY_INVALID_RECIPIENT, REPLY_REMOTE_TEMPORARY,
	  "Something is wrong with an address; what, is not said." },
	{ 1, 1, REPLY_INVALID_RECIPIENT, REPLY_REMOTE_TEMPORARY, "There is no such mailbox." },
	{ 1, 2, REPLY_INVALID_RECIPIENT, REPLY_DNS, "There is no such mail domain, or it takes no mail." },
	{ 1, 3, REPLY_INVALID_RECIPIENT, REPLY_INVALID_RECIPIENT,
	  "The recipient's address is not written correctly." },
	{ 1, 4, REPLY_INVALID_RECIPIENT, REPLY_REMOTE_TEMPORARY,
	  "The recipient's address fits more than one mailbox." },
	{ 1, 6, REPLY_INVALID_RECIPIENT, REPLY_INVALID_RECIPIENT,
	  "The mailbox has moved, and there is no forwarding." },
	{ 1, 7, REPLY_SENDER_REJECTED, REPLY_SENDER_REJECTED,
	  "The sender's address is not written correctly." },
	{ 1, 8, REPLY_SENDER_REJECTED, REPLY_SENDER_REJECTED,
	  "The sender's domain does not exist or takes no mail." },
	{ 1, 9, REPLY_POLICY, REPLY_REMOTE_TEMPORARY,
	  "The message was passed on to a server that does not follow the standard." },
	{ 1, 10, REPLY_INVALID_RECIPIENT, REPLY_INVALID_RECIPIENT,
	  "The recipient's domain says in the DNS that it takes no mail." },
	{ 2, 0, REPLY_MAILBOX_DISABLED, REPLY_REMOTE_TEMPORARY,
	  "Something is wrong with the mailbox; what, is not said." },
	{ 2, 1, REPLY_MAILBOX_DISABLED, REPLY_MAILBOX_DISABLED,
	  "The mailbox exists and takes no mail: disabled or inactive." },
	{ 2, 2, REPLY_MAILBOX_FULL, REPLY_MAILBOX_FULL, "The mailbox is full." },
	{ 2, 3, REPLY_MESSAGE_TOO_BIG, REPLY_MESSAGE_TOO_BIG,
	  "The message is longer than this mailbox takes." },
	{ 2, 4, REPLY_POLICY, REPLY_REMOTE_TEMPORARY, "A mailing list could not be expanded." },
	{ 3, 0, REPLY_UNKNOWN, REPLY_REMOTE_TEMPORARY,
	  "Something is wrong with the receiving system; what, is not said." },
	{ 3, 1, REPLY_REMOTE_TEMPORARY, REPLY_REMOTE_TEMPORARY, "The receiver's disk is full." },
	{ 3, 2, REPLY_REMOTE_TEMPORARY, REPLY_REMOTE_TEMPORARY, "The receiver takes no mail at the moment." },
	{ 3, 3, REPLY_POLICY, REPLY_REMOTE_TEMPORARY,
	  "The receiver lacks a feature that the message needs." },
	{ 3, 4, REPLY_MESSAGE_TOO_BIG, REPLY_MESSAGE_TOO_BIG,
	  "The message is longer than the receiver takes." },
	{ 3, 5, REPLY_REMOTE_TEMPORARY, REPLY_REMOTE_TEMPORARY,
	  "The receiver is not configured to take this mail." },
	{ 4, 0, REPLY_NETWORK, REPLY_NETWORK, "Something is wrong with the network or the routing." },
	{ 4, 1, REPLY_NETWORK, REPLY_NETWORK, "The receiver's host does not answer." },
	{ 4, 2, REPLY_NETWORK, REPLY_NETWORK, "The connection to the receiver broke." },
	{ 4, 3, REPLY_DNS, REPLY_DNS, "The directory or name server failed." },
	{ 4, 4, REPLY_INVALID_RECIPIENT, REPLY_DNS, "There is no route to the recipient's domain." },
	{ 4, 5, REPLY_REMOTE_TEMPORARY, REPLY_REMOTE_TEMPORARY, "The receiver is congested." },
	{ 4, 6, REPLY_LOOP, REPLY_LOOP, "The message goes round in a circle." },
	{ 4, 7, REPLY_EXPIRED, REPLY_REMOTE_TEMPORARY, "The message could not be delivered in time." },
	{ 5, 0, REPLY_UNKNOWN, REPLY_REMOTE_TEMPORARY,
	  "Something is wrong with the protocol; what, is not said." },
	{ 5, 1, REPLY_UNKNOWN, REPLY_REMOTE_TEMPORARY, "The command is not known or not allowed now." },
	{ 5, 2, REPLY_UNKNOWN, REPLY_REMOTE_TEMPORARY, "A command was not written correctly." },
	{ 5, 3, REPLY_RATE_LIMITED, REPLY_RATE_LIMITED,
	  "The message has more recipients at once than the receiver takes." },
	{ 5, 4, REPLY_UNKNOWN, REPLY_REMOTE_TEMPORARY, "A command's parameter is not valid." },
	{ 5, 6, REPLY_SENDER_AUTH, REPLY_SENDER_AUTH, "The line of the authentication is too long." },
	{ 6, 0, REPLY_POLICY, REPLY_POLICY,
	  "Something is wrong with the message's format; what, is not said." },
	{ 6, 1, REPLY_POLICY, REPLY_POLICY, "The receiver does not take this kind of content." },
	{ 6, 2, REPLY_POLICY, REPLY_POLICY, "The content would have to be converted, and may not be." },
	{ 6, 3, REPLY_POLICY, REPLY_POLICY, "The content would have to be converted, and cannot be." },
	{ 6, 5, REPLY_POLICY, REPLY_POLICY, "The content could not be converted." },
	{ 6, 6, REPLY_POLICY, REPLY_REMOTE_TEMPORARY, "The content is not available." },
	{ 6, 7, REPLY_POLICY, REPLY_POLICY, "The receiver does not take addresses beyond ASCII." },
	{ 7, 2, REPLY_POLICY, REPLY_POLICY, "The sender may not write to this list." },
	{ 7, 3, REPLY_POLICY, REPLY_POLICY, "A security conversion is needed and not possible." },
	{ 7, 4, REPLY_TLS, REPLY_TLS, "A security feature is needed that one side lacks." },
	{ 7, 5, REPLY_TLS, REPLY_TLS, "The cryptography failed." },
	{ 7, 6, REPLY_TLS, REPLY_TLS, "A cryptographic method is not supported." },
	{ 7, 7, REPLY_POLICY, REPLY_POLICY, "The message's integrity is in doubt." },
	{ 7, 8, REPLY_SENDER_AUTH, REPLY_SENDER_AUTH, "The login's name or password is wrong." },
	{ 7, 9, REPLY_SENDER_AUTH, REPLY_SENDER_AUTH,
	  "The authentication method is too weak, or the sender is not authenticated." },
	{ 7, 10, REPLY_TLS, REPLY_TLS, "The connection must be encrypted." },
	{ 7, 11, REPLY_TLS, REPLY_TLS, "The authentication needs an encrypted connection." },
	{ 7, 12, REPLY_SENDER_AUTH, REPLY_SENDER_AUTH, "The password must be changed first." },
	{ 7, 13, REPLY_MAILBOX_DISABLED, REPLY_MAILBOX_DISABLED, "The user's account is disabled." },
	{ 7, 14, REPLY_POLICY, REPLY_POLICY, "The other server is not trusted." },
	{ 7, 15, REPLY_POLICY, REPLY_REMOTE_TEMPORARY, "The message's priority is too low at the moment." },
	{ 7, 16, REPLY_MESSAGE_TOO_BIG, REPLY_MESSAGE_TOO_BIG, "The message is too long for its priority." },
	{ 7, 17, REPLY_INVALID_RECIPIENT, REPLY_INVALID_RECIPIENT,
	  "The mailbox has another owner than the sender believes." },
	{ 7, 18, REPLY_INVALID_RECIPIENT, REPLY_INVALID_RECIPIENT,
	  "The domain has another owner than the sender believes." },
	{ 7, 20, REPLY_SENDER_AUTH, REPLY_SENDER_AUTH, "No DKIM signature of the message is valid." },
	{ 7, 21, REPLY_SENDER_AUTH, REPLY_SENDER_AUTH, "No DKIM signature of the message is acceptable." },
	{ 7, 22, REPLY_SENDER_AUTH, REPLY_SENDER_AUTH, "No DKIM signature is of the author's own domain." },
	{ 7, 23, REPLY_SENDER_AUTH, REPLY_SENDER_AUTH,
	  "SPF does not allow our address to send for this domain." },
	{ 7, 24, REPLY_SENDER_AUTH, REPLY_SENDER_AUTH,
	  "The SPF record of the sender's domain could not be evaluated." },
	{ 7, 25, REPLY_SENDER_AUTH, REPLY_SENDER_AUTH,
	  "The reverse DNS of our address is missing or does not match." },
	{ 7, 26, REPLY_SENDER_AUTH, REPLY_SENDER_AUTH, "The message passed none of SPF, DKIM and DMARC." },
	{ 7, 27, REPLY_SENDER_REJECTED, REPLY_SENDER_REJECTED,
	  "The sender's domain says in the DNS that it takes no mail." },
	{ 7, 28, REPLY_RATE_LIMITED, REPLY_RATE_LIMITED, "Too much mail came in a short time." },
	{ 7, 29, REPLY_SENDER_AUTH, REPLY_SENDER_AUTH, "The chain of ARC signatures is broken." },
	{ 7, 30, REPLY_TLS, REPLY_TLS,
	  "The message asks for encryption all the way, which the next hop lacks." },
};

static const struct enhanced_row *enhanced_find(const uint8_t enhanced[3])
{
	for (size_t i = 0; i < sizeof(enhanced_rows) / sizeof(enhanced_rows[0]); i++)
		if (enhanced_rows[i].subject == enhanced[1] && enhanced_rows[i].detail == enhanced[2])
			return &enhanced_rows[i];
	return NULL;
}

/* x.7.0 and x.7.1, "not authorised": the command that was refused tells of what. */
static enum reply_class enhanced_unauthorised(bool permanent, enum event_phase phase)
{
	switch (phase) {
	case PHASE_CONNECT:
	case PHASE_HELO:
		return REPLY_IP_BLOCKED;
	case PHASE_MAIL:
		return permanent ? REPLY_SENDER_REJECTED : REPLY_RATE_LIMITED;
	case PHASE_RCPT:
	case PHASE_DATA:
	case PHASE_END_OF_DATA:
	case PHASE_UNKNOWN:
		break;
	}
	return permanent ? REPLY_POLICY : REPLY_REMOTE_TEMPORARY;
}

enum reply_class reply_class_of_enhanced(const uint8_t enhanced[3], uint16_t code, enum event_phase phase)
{
	const struct enhanced_row *row = enhanced_find(enhanced);
	bool permanent = enhanced[0] == 5;

	if (enhanced[0] == 2)
		return code < 400 ? REPLY_DELIVERED : REPLY_UNKNOWN;
	if (enhanced[0] != 4 && enhanced[0] != 5)
		return REPLY_UNKNOWN;
	if (enhanced[1] == 7 && enhanced[2] <= 1)
		return code == 530 ? REPLY_RELAY_DENIED : enhanced_unauthorised(permanent, phase);
	if (enhanced[1] == 1 && enhanced[2] == 0 && phase == PHASE_MAIL)
		return REPLY_SENDER_REJECTED;
	if (row == NULL)
		return enhanced[1] != 7 ? REPLY_UNKNOWN : permanent ? REPLY_POLICY : REPLY_REMOTE_TEMPORARY;
	return permanent ? row->permanent : row->temporary;
}

static enum reply_class code_permanent(uint16_t code, enum event_phase phase)
{
	bool early = phase == PHASE_CONNECT || phase == PHASE_HELO;
	bool late = phase == PHASE_DATA || phase == PHASE_END_OF_DATA;

	/* 500 to 504 are of the command that was written, not of who wrote it. */
	if (early && code >= 510)
		return REPLY_IP_BLOCKED;
	switch (code) {
	case 521:
		return REPLY_IP_BLOCKED;
	case 523:
		return REPLY_MESSAGE_TOO_BIG;
	case 530:
		return REPLY_RELAY_DENIED;
	case 534:
	case 535:
		return REPLY_SENDER_AUTH;
	case 538:
		return REPLY_TLS;
	case 550:
		return phase == PHASE_MAIL   ? REPLY_SENDER_REJECTED
		       : phase == PHASE_RCPT ? REPLY_INVALID_RECIPIENT
					     : REPLY_POLICY;
	case 551:
		return REPLY_INVALID_RECIPIENT;
	case 556:
		return phase == PHASE_MAIL ? REPLY_SENDER_REJECTED : REPLY_INVALID_RECIPIENT;
	case 552:
		return late || phase == PHASE_MAIL ? REPLY_MESSAGE_TOO_BIG : REPLY_MAILBOX_FULL;
	case 553:
		return phase == PHASE_MAIL   ? REPLY_SENDER_REJECTED
		       : phase == PHASE_RCPT ? REPLY_INVALID_RECIPIENT
					     : REPLY_POLICY;
	case 554:
	case 571:
		return REPLY_POLICY;
	default:
		return REPLY_UNKNOWN;
	}
}

enum reply_class reply_class_of_code(uint16_t code, enum event_phase phase)
{
	if (code >= 200 && code < 300)
		return REPLY_DELIVERED;
	if (code >= 400 && code < 500)
		return code == 454 ? REPLY_TLS : REPLY_REMOTE_TEMPORARY;
	return code >= 500 && code < 600 ? code_permanent(code, phase) : REPLY_UNKNOWN;
}

const char *reply_enhanced_sentence(const uint8_t enhanced[3])
{
	const struct enhanced_row *row = enhanced_find(enhanced);

	if (enhanced[0] == 2)
		return "Success.";
	if (enhanced[0] == 0)
		return NULL;
	if (enhanced[1] == 7 && enhanced[2] <= 1)
		return "A rule or a security setting of the receiver does not allow it.";
	return row == NULL ? NULL : row->sentence;
}

const char *reply_code_sentence(uint16_t code)
{
	static const struct {
		uint16_t code;
		const char *sentence;
	} rows[] = {
		{ 421, "The receiver closes the connection for now; the mail is tried again." },
		{ 450, "The mailbox cannot be used now; the mail is tried again." },
		{ 451, "The receiver stopped the transaction for now; the mail is tried again." },
		{ 452,
		  "The receiver lacks room or takes no more recipients at once; the mail is tried again." },
		{ 454, "Encryption or authentication is not to be had for now." },
		{ 500, "The receiver does not know the command." },
		{ 501, "The receiver finds the command's parameter wrong." },
		{ 502, "The receiver does not offer the command." },
		{ 503, "The commands came in an order that the receiver does not accept." },
		{ 504, "The receiver does not offer the command's parameter." },
		{ 521, "The host takes no mail, or none from us." },
		{ 530, "The receiver asks for a login or for encryption first." },
		{ 535, "The login failed." },
		{ 550, "Refused for good: at RCPT most often no such mailbox, later a rule or the content." },
		{ 551, "The recipient is not at this server." },
		{ 552, "The mailbox or the message is over its limit." },
		{ 553, "The receiver does not allow this address." },
		{ 554, "Refused for good, without a cause; in the greeting it means our address." },
		{ 556, "The recipient's domain takes no mail." },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].code == code)
			return rows[i].sentence;
	return code >= 200 && code < 300   ? "Success."
	       : code >= 400 && code < 500 ? "Refused for now; the mail is tried again."
	       : code >= 500 && code < 600 ? "Refused for good."
					   : NULL;
}
