# Exim with submission on port 587, in the lab: . "$TOP/tests/servers/exim.sh" after lab.sh. The program is the
# installed one, or the one that contrib/install-deps unpacked into build/peers.
# shellcheck shell=sh

exim=$(command -v exim4 || command -v exim)
[ -n "$exim" ] || skip "needs exim"

start_exim() # SOCKET LIST: whom the ACL asks
{
	mkdir -p $LAB/bin $LAB/exim
	cp "$exim" $LAB/bin/exim4
	chmod 4755 $LAB/bin/exim4
	grep -q '^Debian-exim:' /etc/passwd || echo 'Debian-exim:x:990:990::/var/spool/exim4:/bin/false' >> /etc/passwd
	grep -q '^Debian-exim:' /etc/group || echo 'Debian-exim:x:990:' >> /etc/group
	chown Debian-exim:Debian-exim $LAB/exim
	mkdir -p $LAB/log/exim /etc/exim4
	chown Debian-exim:Debian-exim $LAB/log/exim
	cat > /etc/exim4/exim4.conf << EXIM
primary_hostname = mx.lab.test
exim_path = $LAB/bin/exim4
exim_user = Debian-exim
exim_group = Debian-exim
spool_directory = $LAB/exim
log_file_path = $LAB/log/exim/%slog
pid_file_path = $LAB/exim/pid
notifier_socket =
local_interfaces = 127.0.0.1
daemon_smtp_ports = 587
tls_advertise_hosts =
host_lookup =
rfc1413_hosts =
smtp_accept_max = 100
smtp_accept_max_per_connection = 2000
smtp_accept_queue_per_connection = 0
queue_run_max = 2
domainlist local_domains = lab.test
acl_smtp_rcpt = check_rcpt
acl_not_smtp = check_not_smtp
begin acl
check_rcpt:
  deny   condition = \${if def:authenticated_id{no}{yes}}
  warn   set acl_m_policy = \${readsocket{$1}{request=smtpd_access_policy\nprotocol_state=RCPT\nsasl_username=\$authenticated_id\ninstance=\$message_exim_id\$tod_epoch\n\n}{2s}{ }{action=DUNNO}}
  deny   condition = \${if match{\$acl_m_policy}{^action=554 }}
         message = \${sg{\$acl_m_policy}{^action=554 }{}}
  defer  condition = \${if match{\$acl_m_policy}{^action=450 }}
         message = \${sg{\$acl_m_policy}{^action=450 }{}}
  deny   condition = \${lookup{\${lc:\$authenticated_id}}lsearch{$2}{yes}{no}}
         message = this account stands in the list
  accept
check_not_smtp:
  deny   condition = \${lookup{\$sender_ident}lsearch{$2}{yes}{no}}
         message = this user stands in the list
  accept
begin routers
out:
  driver = manualroute
  route_list = * 127.0.0.1 byname
  self = send
  transport = out
begin transports
out:
  driver = smtp
  port = 2525
begin retry
* * F,1d,10m
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = \${if eq{\$auth3}{secret}}
  server_set_id = \$auth2
EXIM
	printf '# Kept by sendwatch: changes made by hand are lost\n' > "$2"
	$LAB/bin/exim4 -bdf -q10s & # -bd would not leave a parent whose number is 1
	await 10 listening 587
}
