/*
 * What a command spends, as one JSON object: seconds on the wall, of them the processor's (its children's as well),
 * and KiB at most. Its output is thrown away; its exit status is ours.
 *
 *	spent COMMAND [WORD...]
 *
 * A process begins with the memory of the one that started it as its highest mark: started from an interpreter,
 * everything small would seem as large as the interpreter.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double spent_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double spent_seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	double begin = spent_now();
	struct rusage used;
	int status;
	pid_t child;

	if (argc < 2)
		return 2;
	child = fork();
	if (child == 0) {
		int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);

		if (nothing >= 0 && dup2(nothing, STDOUT_FILENO) >= 0)
			execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &used) != child) {
		perror("spent");
		return 1;
	}
	printf("{\"seconds\":%.6f,\"cpu\":%.6f,\"rss_kib\":%ld}\n", spent_now() - begin,
	       spent_seconds(used.ru_utime) + spent_seconds(used.ru_stime), used.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
