/*
 * Who owns what: from a panel's map of domains and users to customers. A line is a domain, a user or an
 * address, then its customer: "example.com: bob" (cPanel's /etc/userdomains and trueuserdomains, DirectAdmin's
 * domainowners), "example.com bob", "bob@example.com bob", "example.com=Bob Ltd". What follows "==" in
 * cPanel's userdatadomains is left out; so are blank lines, "#" comments and the line of "*".
 */
#ifndef SENDWATCH_PARSERS_OWNERS_H
#define SENDWATCH_PARSERS_OWNERS_H

#include "base/error.h"
#include "base/span.h"

struct owners;

/* NULL, with file and line in ERROR, where PATH cannot be read or a line has no customer. */
struct owners *owners_read(const char *path, struct error *error);

/* The same from text; NAME stands for the file in errors. */
struct owners *owners_read_text(const char *name, struct span text, struct error *error);

void owners_free(struct owners **owners);
size_t owners_count(const struct owners *owners);

/*
 * The customer of an account, by its name (account.h): an address by itself, then by its domain; a user by
 * himself; a directory by the first of its parts that is known. Absent where none is. OWNERS may be NULL.
 */
struct span owners_of(const struct owners *owners, struct span account);

#endif
