#!/bin/sh
# A disk that takes its time to sync holds up a child that saves, and not the watch that reads; what was saved is what
# was read.
# needs: cc gzip
. "$TOP/tests/watch.sh"

# Each sync takes a third of a second longer, and says whose it was.
cat > slow.c << 'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

int fsync(int file)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
	char name[64], path[4096] = "";
	FILE *said = fopen("synced", "a");

	snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
	if (said != NULL && readlink(name, path, sizeof(path) - 1) > 0)
		fprintf(said, "%d %s\n", (int)getpid(), path);
	if (said != NULL)
		fclose(said);
	usleep(300000);
	return real(file);
}
C
cc -shared -fPIC -o slow.so slow.c -ldl 2> cc.err || skip "no library can be built: $(cat cc.err)"

saves() { grep 'state/snapshot' synced; }
by_others() { saves | grep -cv "^$watcher "; }
beside() { [ "$(by_others)" -ge "$1" ]; }
settings ''
day > whole.log
head -n 2000 whole.log > mail.log
LD_PRELOAD=$TMP/slow.so
export LD_PRELOAD
start_watch
unset LD_PRELOAD
await 10 follows 1
# The first showed that the disk is slow.
await 10 beside 1
own=$(saves | grep -c "^$watcher ")
await 10 beside 3
[ "$(saves | grep -c "^$watcher ")" = "$own" ] || die "watch saves by itself: $(cat synced)"
sed -n '2001,2500p' whole.log >> mail.log
await 10 saved_up_to "$(sed -n 2500p whole.log | cut -d' ' -f1)"
stop_watch
