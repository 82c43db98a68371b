/*
 * Domains where anybody can have a mailbox. No server but the provider's own has cause to take mail for them from
 * strangers, other than for a customer who has his mail sent on there.
 */
#ifndef SENDWATCH_PARSERS_FREEMAIL_H
#define SENDWATCH_PARSERS_FREEMAIL_H

#include "base/span.h"

/* Is it ADDRESS's domain? The big ones and their names in other countries are known ("yahoo.co.jp"), by far not all. */
bool freemail_address(struct span address);

#endif
