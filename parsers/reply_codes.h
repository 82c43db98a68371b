/*
 * What the codes of a reply say without its words: enhanced status codes (RFC 3463 and its registry, and
 * Microsoft's details), then the three digits of RFC 5321 and the command that they answered.
 */
#ifndef SENDWATCH_PARSERS_REPLY_CODES_H
#define SENDWATCH_PARSERS_REPLY_CODES_H

#include "parsers/reply.h"

/* REPLY_UNKNOWN where the code says nothing of the cause (x.0.0, x.5.0). */
enum reply_class reply_class_of_enhanced(const uint8_t enhanced[3], uint16_t code, enum event_phase phase);
enum reply_class reply_class_of_code(uint16_t code, enum event_phase phase);

/* One sentence on each code, for people; NULL where there is nothing to say. */
const char *reply_enhanced_sentence(const uint8_t enhanced[3]);
const char *reply_code_sentence(uint16_t code);

#endif
