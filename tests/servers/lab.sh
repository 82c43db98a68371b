# Real mail servers in a world of their own: . "$TOP/tests/servers/lab.sh"; it brings tests/watch.sh along.
#
# The script that sources this is started once more in mount, network and process namespaces: only loopback is
# there, /etc is a copy in memory, and whatever was started ends with the script. The servers' files are in $LAB.
# shellcheck shell=sh
. "$TOP/tests/watch.sh"

if [ -z "${IN_LAB:-}" ]; then
	unshare -m -n -p -u -f --propagation private true 2> /dev/null || skip "may not make namespaces"
	trap - EXIT
	IN_LAB=yes exec unshare -m -n -p -u -f --mount-proc --propagation private --kill-child "$0"
fi

trap - EXIT # this script is the first process of its world: with it all others end
LAB=/mnt
export LAB
hostname mx1
ip link set lo up
mount -t tmpfs -o mode=755 tmpfs $LAB
mkdir $LAB/etc $LAB/log
cp -a /etc/. $LAB/etc/
mount --bind $LAB/etc /etc
printf '127.0.0.1 localhost mx.lab.test\n' > /etc/hosts
: > /etc/resolv.conf
printf 'hosts: files\n' > /etc/nsswitch.conf.lab
grep -v '^hosts:' /etc/nsswitch.conf >> /etc/nsswitch.conf.lab
mv /etc/nsswitch.conf.lab /etc/nsswitch.conf

start_sink()
{
	"$TOP/tests/servers/sink.py" 2525 "$TMP" &
	await 10 listening 2525
}

# From here on, and for as long as this world is: `late`, the file, says how long its machine stood still.
start_heartbeat()
{
	"$TOP/tests/servers/heartbeat.py" "$TMP" &
	await 10 test -s late
}

listening() { python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1)' "$1"; }

client() { "$TOP/tests/servers/client.py" "$@"; }

# Everybody's password is "secret"; where SOCKET is, the mail server asks.
start_dovecot() # SOCKET USER
{
	mkdir -p $LAB/dovecot "$(dirname "$1")"
	: > $LAB/dovecot/deny
	cat > $LAB/dovecot/dovecot.conf << DOVECOT
base_dir = $LAB/dovecot/base
state_dir = $LAB/dovecot/state
log_path = $LAB/log/dovecot.log
protocols =
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Lu
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=/tmp
}
service auth {
  unix_listener $1 {
    mode = 0660
    user = $2
    group = $2
  }
}
DOVECOT
	dovecot -c $LAB/dovecot/dovecot.conf || die "dovecot does not start"
	await 10 test -S "$1"
}
