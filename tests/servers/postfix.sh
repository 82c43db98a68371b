# Postfix with submission on port 587, in the lab: . "$TOP/tests/servers/postfix.sh" after lab.sh.
# shellcheck shell=sh

# shellcheck disable=SC2034 # settings() follows it
logs=$LAB/log/mail.log

start_postfix() # POLICY: what check_policy_service asks
{
	mkdir -p $LAB/spool/private $LAB/data
	chown postfix $LAB/data $LAB/spool/private
	mkdir -p /etc/postfix
	cat > /etc/postfix/main.cf << POSTFIX
compatibility_level = 3.6
queue_directory = $LAB/spool
data_directory = $LAB/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
myhostname = mx.lab.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.1/32
alias_maps =
alias_database =
local_recipient_maps =
relayhost = [127.0.0.1]:2525
smtp_host_lookup = native
disable_dns_lookups = yes
smtpd_peername_lookup = no
maillog_file = $LAB/log/mail.log
maillog_file_prefixes = $LAB
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_tls_security_level = none
smtp_tls_security_level = none
smtpd_client_connection_rate_limit = 0
default_destination_concurrency_failed_cohort_limit = 0
authorized_submit_users = !$LAB/stopped_users, static:all
POSTFIX
	cat > /etc/postfix/master.cf << POSTFIX
127.0.0.1:587 inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_recipient_restrictions=check_policy_service,{$1,timeout=60s,default_action=DUNNO},permit_sasl_authenticated,reject
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
POSTFIX
	: > $LAB/log/mail.log
	postfix start > postfix.out 2>&1 || die "postfix does not start: $(cat postfix.out)"
	await 10 listening 587
}
