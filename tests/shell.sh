# The words that test scripts share: `. "$TOP/tests/shell.sh"`.
# shellcheck shell=sh

die() # WORDS: the test has failed
{
	echo "$*" >&2
	exit 1
}

skip() # WORDS: the test cannot run here
{
	echo "skip: $*"
	exit 77
}

# The exit status must be STATUS; output and errors stay in the files `out` and `err`.
expect() # STATUS COMMAND...
{
	wanted=$1
	shift
	status=0
	"$@" > out 2> err || status=$?
	[ "$status" = "$wanted" ] && return
	cat out err >&2
	die "exit status $status instead of $wanted: $*"
}

has() # FILE TEXT: the file holds this very text
{
	grep -qF -e "$2" "$1" && return
	cat "$1" >&2
	die "$1 lacks: $2"
}

lacks() # FILE TEXT
{
	grep -qF -e "$2" "$1" || return 0
	cat "$1" >&2
	die "$1 should not hold: $2"
}

# A port for a server that starts later.
free_port() # [tcp|udp|both]
{
	python3 "$TOP/tests/servers/ports.py" "$@"
}

# Until the command succeeds, SECONDS at most, or 30 where they are fewer; a loaded machine has PATIENCE times as long. A
# disk may take seconds for each of a dozen files: who waits for the first of them waits for all of them together.
await() # SECONDS COMMAND...
{
	tries=$((($1 > 30 ? $1 : 30) * 20 * ${PATIENCE:-4}))
	shift
	until "$@" > /dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || die "in vain waited for: $*"
		sleep 0.05
	done
}
