#!/bin/bash
# What the shells complete is what the program takes: every command, every option of each, files where a file is meant,
# and nothing that an attacker's account name could make a shell do.
# needs: bash
. "$TOP/tests/shell.sh"

generate="$TOP/contrib/completions/generate"
for shell in bash zsh fish; do
	expect 0 "$generate" $shell "$SENDWATCH"
	mv out "sendwatch.$shell"
	for command in $("$SENDWATCH" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
		grep -qw -e "$command" "sendwatch.$shell" || die "$shell does not know $command"
	done
done
expect 2 "$generate" tcsh "$SENDWATCH"
expect 1 "$generate" bash /nonexistent

# The program, as it is named on the command line: its accounts come from a log.
mkdir bin logs
cat > bin/sendwatch <<'END'
#!/bin/sh
[ "$1" = accounts ] && printf '{"account":"%s"}\n' bob@example.com 'x`touch pwned`' '$(touch pwned)' bernd@example.com
END
chmod +x bin/sendwatch
PATH=$TMP/bin:$PATH
touch "logs/mail log" logs/mail.log.1.gz
. ./sendwatch.bash
complete -p sendwatch | grep -qF _sendwatch || die "bash was not told"

completes() # "WORDS TYPED SO FAR|" WANTED...: what bash offers for the last of them
{
	read -r -a COMP_WORDS <<< "${1%|}"
	case $1 in *" |") COMP_WORDS+=("") ;; esac
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	shift
	COMPREPLY=()
	_sendwatch 2> /dev/null
	got=$(printf '%s\n' "${COMPREPLY[@]}" | sort | paste -s -d ' ')
	[ "$got" = "$*" ] || die "${COMP_WORDS[*]}: offers \"$got\" instead of \"$*\""
}

completes "sendwatch re|" release reload replay
completes "sendwatch replay --form|" --format
completes "sendwatch replay --format |" ndjson text
completes "sendwatch replay --format = n|" ndjson
completes "sendwatch replay logs/mail|" logs/mail log logs/mail.log.1.gz
completes "sendwatch trace -c logs/mail.|" logs/mail.log.1.gz
completes "sendwatch accounts fl|" flagged
completes "sendwatch show b|" bernd@example.com bob@example.com
completes "sendwatch replay --since |" ""
completes "sendwatch nonsense |" ""
[ ! -e pwned ] || die "an account's name was run"
for command in $("$SENDWATCH" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
	# shellcheck disable=SC2046
	completes "sendwatch $command --|" $("$SENDWATCH" "$command" --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p' | sort)
done

if command -v zsh > /dev/null; then
	# What stands on the line after a Tab at the end of it, typed into a zsh at a terminal.
	cp sendwatch.zsh _sendwatch
	cat > drive.zsh << 'END'
zmodload zsh/zpty
zpty shell 'TERM=dumb zsh -f -i'
zpty -w shell 'PS1= PS2= RPS1=; unsetopt promptcr promptsp zle_bracketed_paste; stty -echo'
zpty -w shell "fpath=($PWD \$fpath); autoload -Uz compinit; compinit -D -u; zstyle ':completion:*' list-prompt ''"
zpty -w shell 'tab() { zle complete-word; print -r -- "<$BUFFER>"; BUFFER=; zle accept-line }; zle -N tab; bindkey "^I" tab; print -r -- READY$((1 + 1))'
zpty -r -m shell said '*READY2*'
for line; do
	zpty -w -n shell "$line"$'\t'
	zpty -r -m shell said '*<*>*'
	print -r -- "${${said##*<}%%>*}"
done
END
	timeout 300 zsh -f drive.zsh 'sendwatch repl' 'sendwatch replay --form' 'sendwatch replay --format t' 'sendwatch accounts fl' \
		'sendwatch show bo' 'sendwatch trace x logs/mail.log.1' > typed || die "zsh hangs: $(cat typed)"
	diff - typed << 'END' || die "zsh offers otherwise"
sendwatch replay 
sendwatch replay --format 
sendwatch replay --format text 
sendwatch accounts flagged 
sendwatch show bob@example.com 
sendwatch trace x logs/mail.log.1.gz 
END
	[ ! -e pwned ] || die "zsh ran an account's name"
else
	echo "note: zsh is not here, its completion was not driven"
fi
if command -v fish > /dev/null; then
	HOME=$TMP fish -c 'source sendwatch.fish; complete -C "sendwatch re"; complete -C "sendwatch replay --form"
		complete -C "sendwatch accounts fl"' > fish 2>&1
	# fish 3.3 offers also what has these letters somewhere.
	cut -f 1 fish | grep -E '^(re|--form|fl)' | sort | paste -s -d ' ' > offered
	[ "$(cat offered)" = "--format flagged release reload replay" ] || die "fish offers: $(cat fish)"
else
	echo "note: fish is not here, its completion was not run"
fi
