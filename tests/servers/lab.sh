# Real mail servers in a world of their own: . "$TOP/tests/servers/lab.sh"; it brings tests/watch.sh along.
#
# The script that sources this is started once more in mount, network and process namespaces: only loopback is
# there, /etc is a copy in memory, and whatever was started ends with the script. The servers' files are in $LAB.
# shellcheck shell=sh
. "$TOP/tests/watch.sh"

if [ -z "${IN_LAB:-}" ]; then
	unshare -m -n -p -u -f --propagation private true 2> /dev/null || skip "may not make namespaces"
	trap - EXIT
	# The unshare of util-linux 2.37 ignores SIGTERM itself, and so would all that it starts.
	IN_LAB=yes exec unshare -m -n -p -u -f --mount-proc --propagation private --kill-child env --default-signal=TERM "$0"
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
rm -f /etc/resolv.conf # it may be a link to where systemd-resolved would have it
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

# What is written differently from Dovecot 2.4 on.
dovecot_says() # MAILS: where mails are
{
	case $(dovecot --version) in
	2.[0-3].*) cat << DOVECOT ;;
disable_plaintext_auth = no
auth_username_format = %Lu
mail_location = maildir:$1/%u
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=$1/%u
}
DOVECOT
	*) cat << DOVECOT ;;
auth_allow_cleartext = yes
auth_username_format = %{user | lower}
mail_driver = maildir
mail_path = $1/%{user}
passdb static {
  password = secret
}
userdb static {
  fields {
    uid = 65534
    gid = 65534
    home = $1/%{user}
  }
}
DOVECOT
	esac
}

# Everybody's password is "secret"; where SOCKET is, the mail server asks. FIRST stands before the first passdb.
start_dovecot() # SOCKET USER [PROTOCOLS [FIRST]]
{
	mkdir -p $LAB/dovecot $LAB/mail "$(dirname "$1")"
	chmod 777 $LAB/mail
	[ -e $LAB/dovecot/deny ] || : > $LAB/dovecot/deny
	{
		case $(dovecot --version) in
		2.[0-3].*) ;;
		*) printf 'dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n' ;;
		esac
		cat << DOVECOT
base_dir = $LAB/dovecot/base
state_dir = $LAB/dovecot/state
log_path = $LAB/log/dovecot.log
protocols = ${3:-}
listen = 127.0.0.1
ssl = no
auth_mechanisms = plain login
first_valid_uid = 1
${4:-}
DOVECOT
		dovecot_says $LAB/mail
		cat << DOVECOT
service auth {
  unix_listener $1 {
    mode = 0660
    user = $2
    group = $2
  }
}
DOVECOT
	} > $LAB/dovecot/dovecot.conf
	dovecot -c $LAB/dovecot/dovecot.conf || die "dovecot does not start"
	await 10 test -S "$1"
}
