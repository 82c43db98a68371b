/*
 * The program that is trained seeds its tables alike each time, so that the same sources make the same program.
 */
#include <string.h>
#include <sys/random.h>

ssize_t getrandom(void *bytes, size_t size, unsigned int flags)
{
	(void)flags;
	memset(bytes, 0x5a, size);
	return (ssize_t)size;
}
