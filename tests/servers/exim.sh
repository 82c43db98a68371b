# Exim with submission on port 587, in the lab: . "$TOP/tests/servers/exim.sh" after lab.sh. The program is the
# installed one, or the one that contrib/install-deps unpacked into build/peers.
# shellcheck shell=sh

exim=$(command -v exim4 || command -v exim)
[ -n "$exim" ] || skip "needs exim"
# shellcheck disable=SC2034 # settings() follows it
logs=$LAB/log/exim/mainlog

# What `sendwatch setup` tells to type there, as it stands, with this socket, list and word of the list.
exim_lines() # BETWEEN SOCKET LIST MESSAGE
{
	sed -n "$1s/^     /  /p" "$TOP/tests/setup/debian-exim.steps" |
		sed "s,inet:127.0.0.1:10031,$2,; s,/etc/exim4/sendwatch_deny,$3,; s,= This account is suspended\$,= $4,"
}

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
$(exim_lines '/^3. Let Exim ask/,/^   and in the ACL/' "$1" "$2" 'this account stands in the list')
  accept
check_not_smtp:
$(exim_lines '/^   and in the ACL/,/^   The file must/' "$1" "$2" '')
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
