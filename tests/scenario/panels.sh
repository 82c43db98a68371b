#!/bin/sh
# Each panel's script calls its panel with exactly these arguments, and takes no name that could be more than one.
# needs: prlimit
. "$TOP/tests/shell.sh"
panels=$TOP/contrib/panels
mkdir bin
# A fake writes down its name and arguments, a line each call, and says what its file "says" holds.
for fake in whoowns uapi whmapi1 plesk v-search-domain-owner v-suspend-mail-account v-unsuspend-mail-account virtualmin \
	mysql curl; do
	cat > bin/$fake << 'FAKE'
#!/bin/sh
printf '%s' "${0##*/}" >> calls
for argument in "$@"; do printf '|%s' "$argument" >> calls; done
echo >> calls
cat "says.${0##*/}" 2> /dev/null
exit 0
FAKE
	chmod +x bin/$fake
done
PATH=$TMP/bin:$PATH
export PATH

calls() # PANEL VERB ACCOUNT WANTED...
{
	panel=$1 verb=$2 account=$3
	shift 3
	: > calls
	expect 0 "$panels/$panel" "$verb" "$account"
	printf '%s\n' "$@" > wanted
	diff -u wanted calls >&2 || die "$panel $verb calls otherwise"
}

echo owner > says.whoowns
echo owner > says.v-search-domain-owner
echo '{"result":{"status":1}}' > says.uapi
echo '{"metadata":{"result":1}}' > says.whmapi1
echo '[{"type":"success"}]' > says.curl

calls cpanel disable bob@shop.test 'whoowns|shop.test' 'uapi|--output=json|--user=owner|Email|suspend_outgoing|email=bob@shop.test'
calls cpanel release bob@shop.test 'whoowns|shop.test' 'uapi|--output=json|--user=owner|Email|unsuspend_outgoing|email=bob@shop.test'
calls cpanel disable bob+x@shop.test 'whoowns|shop.test' 'uapi|--output=json|--user=owner|Email|suspend_outgoing|email=bob%2Bx@shop.test'
calls cpanel hold bob@shop.test 'whoowns|shop.test' 'uapi|--output=json|--user=owner|Email|hold_outgoing|email=bob@shop.test'
calls cpanel disable web2 'whmapi1|--output=json|suspend_outgoing_email|user=web2'
calls cpanel disable web+2 'whmapi1|--output=json|suspend_outgoing_email|user=web%2B2'
calls cpanel release web2 'whmapi1|--output=json|unsuspend_outgoing_email|user=web2'
calls cpanel hold web2 'whmapi1|--output=json|hold_outgoing_email|user=web2'
calls cpanel unhold web2 'whmapi1|--output=json|release_outgoing_email|user=web2'
echo '{"metadata":{"result":0,"reason":"no such user"}}' > says.whmapi1
expect 2 "$panels/cpanel" disable web2
calls plesk disable bob@shop.test 'plesk|bin|mail|--update|bob@shop.test|-outgoing-messages-mbox-limit|0'
calls plesk release bob@shop.test 'plesk|bin|mail|--update|bob@shop.test|-outgoing-messages-mbox-limit|default'
calls hestiacp disable bob@shop.test 'v-search-domain-owner|shop.test|mail' 'v-suspend-mail-account|owner|shop.test|bob'
calls hestiacp release bob@shop.test 'v-search-domain-owner|shop.test|mail' 'v-unsuspend-mail-account|owner|shop.test|bob'
calls virtualmin disable bob@shop.test 'virtualmin|modify-user|--domain|shop.test|--user|bob|--disable'
calls virtualmin release bob@shop.test 'virtualmin|modify-user|--domain|shop.test|--user|bob|--enable'
data="curl|-sS|--fail|--max-time|20|--config|/etc/sendwatch/mailcow.curl|-H|Content-Type: application/json|--data"
calls mailcow disable bob@shop.test "$data|{\"items\":[\"bob@shop.test\"],\"attr\":{\"smtp_access\":\"0\"}}"
calls mailcow release bob@shop.test "$data|{\"items\":[\"bob@shop.test\"],\"attr\":{\"smtp_access\":\"1\"}}"
echo '[{"type":"danger"}]' > says.curl
expect 2 "$panels/mailcow" disable bob@shop.test

mysql() { echo "mysql|--defaults-extra-file=/etc/sendwatch/$1.cnf|-BN|$2|-e|$3"; }
echo 1 > says.mysql
calls ispconfig disable bob@shop.test "$(mysql ispconfig dbispconfig "UPDATE mail_user SET disablesmtp='y' WHERE login='bob@shop.test'")" \
	"$(mysql ispconfig dbispconfig "SELECT COUNT(*) FROM mail_user WHERE login='bob@shop.test' AND disablesmtp='y'")"
calls ispconfig release bob@shop.test "$(mysql ispconfig dbispconfig "UPDATE mail_user SET disablesmtp='n' WHERE login='bob@shop.test'")"
calls cyberpanel disable bob@shop.test "$(mysql cyberpanel cyberpanel "UPDATE e_users SET password=CONCAT('!',password) WHERE email='bob@shop.test' AND password NOT LIKE '!%'")" \
	"$(mysql cyberpanel cyberpanel "SELECT COUNT(*) FROM e_users WHERE email='bob@shop.test' AND password LIKE '!%'")"
calls cyberpanel release bob@shop.test "$(mysql cyberpanel cyberpanel "UPDATE e_users SET password=SUBSTRING(password,2) WHERE email='bob@shop.test' AND password LIKE '!%'")"
calls iredmail disable bob@shop.test "$(mysql iredmail vmail "UPDATE mailbox SET enablesmtp=0, enablesmtpsecured=0 WHERE username='bob@shop.test'")" \
	"$(mysql iredmail vmail "SELECT COUNT(*) FROM mailbox WHERE username='bob@shop.test' AND enablesmtp=0")"
calls iredmail release bob@shop.test "$(mysql iredmail vmail "UPDATE mailbox SET enablesmtp=1, enablesmtpsecured=1 WHERE username='bob@shop.test'")"
calls postfixadmin disable bob@shop.test "$(mysql postfixadmin postfix "UPDATE mailbox SET active=0 WHERE username='bob@shop.test'")" \
	"$(mysql postfixadmin postfix "SELECT COUNT(*) FROM mailbox WHERE username='bob@shop.test' AND active=0")"
calls postfixadmin release bob@shop.test "$(mysql postfixadmin postfix "UPDATE mailbox SET active=1 WHERE username='bob@shop.test'")"
for panel in ispconfig cyberpanel iredmail postfixadmin; do
	echo 1 > says.mysql
	expect 0 "$panels/$panel" ask bob@shop.test
	echo 0 > says.mysql
	expect 1 "$panels/$panel" ask bob@shop.test
	expect 1 "$panels/$panel" disable nobody@shop.test
done

# DirectAdmin has files, not commands; their mode stays.
mkdir virtual
export DIRECTADMIN_FOLDER=$TMP/virtual
echo eve@shop.test > virtual/blacklist_smtp_usernames
chmod 640 virtual/blacklist_smtp_usernames
expect 1 "$panels/directadmin" ask bob@shop.test
expect 0 "$panels/directadmin" disable bob@shop.test
expect 0 "$panels/directadmin" disable bob@shop.test
[ "$(cat virtual/blacklist_smtp_usernames)" = "eve@shop.test
bob@shop.test" ] || die "the list is another: $(cat virtual/blacklist_smtp_usernames)"
expect 0 "$panels/directadmin" ask bob@shop.test
expect 0 "$panels/directadmin" release bob@shop.test
[ "$(cat virtual/blacklist_smtp_usernames)" = eve@shop.test ] || die "not taken out"
[ "$(stat -c %a virtual/blacklist_smtp_usernames)" = 640 ] || die "another mode"
expect 0 "$panels/directadmin" disable web2
[ "$(cat virtual/blacklist_script_usernames)" = web2 ] || die "no list of users"
# As on a full disk, there is room for what is on the list and for nobody more: that is not done.
seq -f 'u%04g@shop.test' 128 > virtual/blacklist_smtp_usernames
cp virtual/blacklist_smtp_usernames before
(trap '' XFSZ; exec prlimit --fsize=2056 "$panels/directadmin" disable bob@shop.test) > /dev/null 2>&1 && die "said done, with no room"
cmp -s before virtual/blacklist_smtp_usernames || die "a list was cut short"
[ "$(find virtual -type f | wc -l)" = 2 ] || die "left behind: $(ls virtual)"

for panel in "$panels"/*; do
	for name in "a'b@shop.test" 'a b@shop.test' '-x@shop.test' '' 'a;id@shop.test' 'a"b@shop.test'; do
		: > calls
		expect 2 "$panel" disable "$name"
		[ ! -s calls ] || die "${panel##*/} takes $name"
	done
	expect 2 "$panel" destroy bob@shop.test
done
