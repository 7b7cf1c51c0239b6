#!/bin/sh
# Installs healthagent on a server, upgrades it, and takes it away again.
#
#   sudo ./install.sh                      install, or upgrade; asks for the bot's token
#   sudo ./install.sh --token-file FILE    the same without a question
#   sudo ./install.sh --dry-run            say what would be changed
#   sudo ./install.sh --uninstall          take the service away, keep the data
#   sudo ./install.sh --purge              take everything away, after a last dump
#
# It may be run again at any time: it changes what differs and nothing else, and
# goes on where a run that was cut off ended. What was on the server before
# (other clusters, other Redis servers, users) it never changes.
#
# Everything is in functions, and the last line calls main: a file that was cut
# off on its way here does nothing.
set -eu
umask 027

# ---------------------------------------------------------------- names

constants() {
	name=healthagent
	etc=/etc/healthagent
	env_file=$etc/healthagent.env
	credentials=$etc/credentials
	token_credential=$credentials/telegram-token
	lib=/usr/local/lib/healthagent
	releases=$lib/releases
	notes=$lib/install # what this script remembers; 0700
	link=/usr/local/bin/healthagent
	state=/var/lib/healthagent
	default_backups=/var/backups/healthagent
	units=/etc/systemd/system
	unit_files='healthagent.service healthagent-backup.service healthagent-backup.timer healthagent-alert@.service'
	timer_stamp=/var/lib/systemd/timers/stamp-healthagent-backup.timer
	man_page=/usr/local/share/man/man1/healthagent.1
	completion=/usr/local/share/bash-completion/completions/healthagent
	sysusers=/etc/sysusers.d/healthagent.conf
	tmpfiles=/etc/tmpfiles.d/healthagent.conf
	servers_dropin=$units/healthagent.service.d/20-servers.conf
	backups_dropin=$units/healthagent-backup.service.d/30-backups.conf
	redis_unit='redis-server@healthagent.service'
	redis_conf=$etc/redis.conf
	redis_dropin=$units/$redis_unit.d/healthagent.conf
	redis_socket=/run/redis-healthagent/redis.sock
	log=/var/log/healthagent-install.log
	lock=/run/lock/healthagent-install
	policy=/usr/sbin/policy-rc.d
	no_cluster=/etc/postgresql-common/createcluster.d/healthagent-install.conf
	mark='# healthagent install'
	oldest_postgres=15
	release_file=${HEALTHAGENT_INSTALL_OS_RELEASE:-/etc/os-release}
	steps=12
	first='installation begun' # noted until it is at its end, which may be in a later run
	token_shape='it is digits, a colon, and more, as 123456789:the-text-BotFather-gave-you'
	# what may be asked before it is known; none of it comes from the environment
	logging=no echo_off=no since=0 cluster='' port='' old='' dump='' last='' backups=$default_backups
}

usage() {
	cat <<'END'
Usage: install.sh [OPTION]...
Installs or upgrades healthagent on Debian 12 and later and on Ubuntu 24.04. Run it as root.

  --binary PATH              the program to install; else the one beside this script, else
                             it is built from the checkout that this script is in
  --token-file FILE          a file that holds the bot's token; - reads it from the input.
                             Else TELEGRAM_TOKEN, TELEGRAM_TOKEN_FILE, or a question
  --database-url-file FILE   a file that holds the URL of a managed PostgreSQL; without it
                             the service gets a cluster of its own on this server
  --database-url URL         the same as an argument, which every user can see in ps
  --redis-url-file FILE      a file that holds the URL of a managed Redis
  --redis-url URL            the same as an argument
  --dry-run                  print what would be changed, and change nothing
  --yes                      upgrade even when the upgrade cannot be taken back
  --uninstall                stop and remove the service and its program; keep the data,
                             the settings and the dumps
  --purge                    remove everything, after a last dump; asks for the host's name
  --no-dump                  with --purge, and for an upgrade: without the dump before it
  --help, --version

Settings in its environment (HEALTHAGENT_ADMINS and the others of 'healthagent config keys')
go into /etc/healthagent/healthagent.env at the first installation.
END
}

# ---------------------------------------------------------------- words

# shell_word is a word as a shell takes it, for what somebody may paste.
shell_word() {
	case $1 in
	*[!A-Za-z0-9_./:,@%+=-]*) printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")" ;;
	*) printf '%s' "$1" ;;
	esac
}

# Nothing here may end the script: the terminal may be gone.
say() {
	printf '%s\n' "$*" 2>/dev/null || :
	note "$*"
}

warn() {
	printf 'install.sh: warning: %s\n' "$*" >&2 2>/dev/null || :
	note "warning: $*"
}

# note writes a line into the log, once that is open.
note() {
	if [ "$logging" = yes ]; then
		printf '%s %s\n' "$(date -u '+%Y-%m-%dT%H:%M:%SZ')" "$*" >>"$log" 2>/dev/null || :
	fi
}

fail() {
	printf 'install.sh: %s\n' "$*" >&2 2>/dev/null || :
	note "failed: $*"
	exit 1
}

refuse_usage() {
	printf 'install.sh: %s\nRun it with --help for its options.\n' "$*" >&2
	exit 2
}

step() {
	at=$((at + 1))
	doing=$*
	say "[$at/$steps] $*"
}

# quiet runs a command, with its output in the log, and shows the end of it when it fails.
quiet() {
	note "+ $*"
	quiet_rc=0
	"$@" >"$work/out" 2>&1 </dev/null || quiet_rc=$?
	if [ "$logging" = yes ]; then cat "$work/out" >>"$log"; fi
	if [ "$quiet_rc" -ne 0 ]; then
		tail -n 15 "$work/out" >&2 || :
	fi
	return "$quiet_rc"
}

# ---------------------------------------------------------------- changes

# changed counts, in a file, since some of it happens in subshells.
changed() {
	echo "$*" >>"$work/changes"
	if [ "$dry" = yes ]; then
		say "    would $*"
	else
		note "change: $*"
	fi
}

changes() { wc -l <"$work/changes" | tr -d ' '; }

# act says what it changes and does it; in a dry run it only says it.
act() { # WHAT COMMAND...
	changed "$1"
	shift
	[ "$dry" = yes ] || quiet "$@"
}

# put makes a file hold what comes from the input, at once or not at all.
put() { # PATH MODE OWNER:GROUP
	cat >"$work/put"
	if [ -f "$1" ] && [ ! -L "$1" ] && cmp -s "$work/put" "$1" && [ "$(stat -c '%a %U:%G' "$1")" = "$2 $3" ]; then
		return 0
	fi
	changed "write $1"
	[ "$dry" = no ] || return 0
	put_new=$1.healthagent-new
	rm -f "$put_new"
	(umask 077 && : >"$put_new")
	cat "$work/put" >"$put_new"
	chown "$3" "$put_new"
	chmod "$2" "$put_new"
	mv -f "$put_new" "$1"
}

# drop removes a file, or a link, of ours.
drop() {
	if [ -e "$1" ] || [ -L "$1" ]; then
		changed "remove $1"
		[ "$dry" = yes ] || rm -f "$1"
	fi
}

# own_dir makes a directory that is ours alone.
own_dir() { # PATH MODE OWNER:GROUP
	if [ -d "$1" ] && [ "$(stat -c '%a %U:%G' "$1" 2>/dev/null)" = "$2 $3" ]; then
		return 0
	fi
	changed "make the directory $1"
	[ "$dry" = no ] || return 0
	mkdir -p "$1"
	chown "$3" "$1"
	chmod "$2" "$1"
}

# shared_dir makes a directory in which others may put files too, and remembers that it did.
shared_dir() {
	[ ! -d "$1" ] || return 0
	shared_dir "${1%/*}"
	changed "make the directory $1"
	[ "$dry" = no ] || return 0
	remember "dir $1"
	mkdir -p "$1"
	chmod 755 "$1"
}

# What was made here is written down before it is made, so that a purge knows it.
remember() {
	if [ "$dry" = no ] && ! remembers "$1"; then
		notes_dir
		printf '%s\n' "$1" >>"$notes/made"
	fi
}

remembers() { [ -f "$notes/made" ] && grep -qxF -- "$1" "$notes/made"; }

forget() {
	if remembers "$1"; then
		grep -vxF -- "$1" "$notes/made" >"$notes/made.new" || :
		mv -f "$notes/made.new" "$notes/made"
	fi
}

notes_dir() {
	install -d -m 0755 -o root -g root "$lib"
	install -d -m 0700 -o root -g root "$notes"
}

# A server that reads its files at its start must be started again after they were changed, also
# when the run that changed them was killed before. So what it last read is remembered.
print_of() { cat -- "$@" 2>/dev/null | sha256sum | cut -d ' ' -f 1; }

has_read() { # SERVER PRINT
	[ -f "$notes/read-$1" ] && [ "$(cat "$notes/read-$1")" = "$2" ]
}

set_read() { # SERVER PRINT
	notes_dir
	printf '%s\n' "$2" >"$notes/read-$1.new"
	mv -f "$notes/read-$1.new" "$notes/read-$1"
}

# ---------------------------------------------------------------- arguments

arguments() {
	mode=install binary='' token_file='' database_url='' database_file='' redis_url='' redis_file=''
	dry=no yes=no no_dump=no
	while [ $# -gt 0 ]; do
		case $1 in
		--binary | --token-file | --database-url | --database-url-file | --redis-url | --redis-url-file)
			if [ -z "${2:-}" ]; then refuse_usage "$1 wants a value"; fi
			option "$1" "$2"
			shift
			;;
		--binary=?* | --token-file=?* | --database-url=?* | --database-url-file=?* | --redis-url=?* | --redis-url-file=?*)
			option "${1%%=*}" "${1#*=}"
			;;
		--dry-run) dry=yes ;;
		--yes) yes=yes ;;
		--no-dump) no_dump=yes ;;
		--uninstall) mode=uninstall ;;
		--purge) mode=purge ;;
		--help | -h) mode=help ;;
		--version) mode=version ;;
		--token | --token=*) refuse_usage "there is no --token, since everybody can read arguments in ps: give --token-file FILE, or nothing, and it asks" ;;
		--binary= | --token-file= | --database-url= | --database-url-file= | --redis-url= | --redis-url-file=) refuse_usage "${1%=} wants a value" ;;
		--dry-run=* | --yes=* | --no-dump=* | --uninstall=* | --purge=*) refuse_usage "${1%%=*} takes no value" ;;
		-*) refuse_usage "there is no option ${1%%=*}" ;;
		*) refuse_usage "it takes options alone, and one of the arguments is none" ;; # it may be the token
		esac
		shift
	done
	[ -z "$database_url" ] || [ -z "$database_file" ] || refuse_usage "--database-url and --database-url-file are two answers to one question"
	[ -z "$redis_url" ] || [ -z "$redis_file" ] || refuse_usage "--redis-url and --redis-url-file are two answers to one question"
}

option() {
	case $1 in
	--binary) binary=$(absolute "$2") ;;
	--token-file) token_file=$(absolute "$2") ;;
	--database-url) database_url=$2 ;;
	--database-url-file) database_file=$(absolute "$2") ;;
	--redis-url) redis_url=$2 ;;
	--redis-url-file) redis_file=$(absolute "$2") ;;
	esac
}

absolute() {
	case $1 in
	/* | -) printf '%s' "$1" ;;
	*) printf '%s' "$PWD/$1" ;;
	esac
}

# ---------------------------------------------------------------- one run at a time

begin() {
	[ "$(id -u)" -eq 0 ] || fail "it must be run as root${sudo:+: $sudo$script}"
	at=0 doing='' upgrading=no
	work_dir
	trap leave EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	# a terminal that goes away is no reason to stop half-way, nor is a pipe, as of an ssh without a terminal
	trap '' HUP
	trap : PIPE
	[ "$dry" = no ] || return 0
	exec 9>>"$lock"
	if ! flock -n 9; then
		say "another run of install.sh is at work; waiting for it, five minutes at most"
		flock -w 300 9 || fail "another run of install.sh is still at work"
	fi
	(umask 077 && : >>"$log")
	chmod 600 "$log"
	logging=yes
	note "---- $mode"
	sweep
}

# work_dir makes a place for what is needed in this run only. The new program is run there, which a /tmp mounted noexec forbids; one that
# is full takes nothing.
work_dir() {
	for work_in in /tmp /var/tmp /root; do
		work=$(mktemp -d "$work_in/healthagent-install.XXXXXX") || continue
		if begin_work 2>/dev/null; then return 0; fi
		rm -rf "$work"
	done
	fail "neither in /tmp nor in /var/tmp or /root can a program be written and run: make room in one of them, or mount it without noexec"
}

# begin_work fails where nothing can be written or run.
begin_work() {
	true >"$work/changes" && echo $$ >"$work/pid" && printf '#!/bin/sh\n' >"$work/runs" && chmod 700 "$work/runs" && "$work/runs"
}

# sweep removes what runs that were killed have left, the token among it.
sweep() {
	for sweep_dir in /tmp/healthagent-install.?????? /var/tmp/healthagent-install.?????? /root/healthagent-install.??????; do
		[ "$(stat -c '%F %a %u' "$sweep_dir" 2>/dev/null)" = 'directory 700 0' ] || continue
		sweep_pid=$(cat "$sweep_dir/pid" 2>/dev/null || :)
		if [ -n "$sweep_pid" ] && [ ! -d "/proc/$sweep_pid" ]; then rm -rf "$sweep_dir"; fi
	done
}

leave() {
	rc=$?
	trap - EXIT
	trap '' INT TERM
	set +e
	if [ "$echo_off" = yes ]; then (stty echo </dev/tty && echo >/dev/tty) 2>/dev/null; fi
	allow_services
	if [ "$rc" -ne 0 ] && [ "$upgrading" = yes ]; then
		undo_upgrade
	elif [ "$rc" -ne 0 ] && [ "$at" -gt 0 ]; then
		say "install.sh stopped in step $at of $steps: $doing"
		if [ "$(changes)" -eq 0 ]; then
			say "Nothing was changed."
		elif [ "$mode" = install ]; then
			say "When the cause is mended, run it again in the same way: it goes on from here. Its log: $log"
		fi
	fi
	rm -rf "$work"
	exit "$rc"
}

# ---------------------------------------------------------------- the server

check_server() {
	[ -d /run/systemd/system ] || unsupported "systemd does not run here (a container?)"
	check_release
	case $(uname -m) in
	x86_64 | aarch64) ;;
	*) unsupported "the processor is $(uname -m); there are programs for x86-64 and arm64" ;;
	esac
	for check_place in /usr/local /etc /var/lib; do
		[ -w "$check_place" ] || fail "$check_place cannot be written to: mount it read-write for the time of this run"
	done
	free_mb=$(df -Pm /var/lib | awk 'NR == 2 {print $4}')
	need_mb=1024
	if [ -f "$env_file" ] && [ -e "$link" ]; then need_mb=200; fi # what a disk that fills up needs most may be this run
	[ "$free_mb" -ge "$need_mb" ] || fail "only $free_mb MB are free in /var/lib; $need_mb MB are needed"
	memory_mb=$(awk '/^MemTotal:/ {print int($2 / 1024)}' /proc/meminfo)
	[ "$memory_mb" -ge 400 ] || fail "the server has $memory_mb MB of memory; 400 MB are needed"
	memory_mb=$((memory_mb / 64 * 64)) # another kernel may count a little differently, which is no reason to restart a server
	cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
}

check_release() {
	[ -r "$release_file" ] || unsupported "there is no $release_file"
	os=$(os_value ID)
	os_version=$(os_value VERSION_ID)
	case $os_version in
	'' | *[!0-9.]*) unsupported "its version is not known" ;;
	esac
	case $os in
	debian) if [ "${os_version%%.*}" -lt 12 ]; then unsupported "Debian 12 is the oldest"; fi ;;
	ubuntu) if [ "${os_version%%.*}" -lt 22 ]; then unsupported "Ubuntu 22.04 is the oldest"; fi ;;
	*) unsupported "it is neither Debian nor Ubuntu" ;;
	esac
}

os_value() { sed -n "s/^$1=//p" "$release_file" | head -n 1 | tr -d "\"'"; }

unsupported() {
	cat >&2 <<END
install.sh: this system is not supported: $1

---- for a report ----
os-release: $(os_value ID) $(os_value VERSION_ID) (like: $(os_value ID_LIKE))
machine:    $(uname -m), kernel $(uname -r)
systemd:    $(systemctl --version 2>/dev/null | head -n 1)
PostgreSQL: $(postgres_version), Redis: $(command -v redis-server || echo none)
reason:     $1
----------------------
The program itself runs on any Linux: ./healthagent serve starts it with a database of its own.
END
	exit 1
}

# postgres_version is the newest installed server that is new enough, empty without one.
postgres_version() {
	for postgres_bin in /usr/lib/postgresql/*/bin/postgres; do
		[ -x "$postgres_bin" ] || continue
		postgres_bin=${postgres_bin#/usr/lib/postgresql/}
		echo "${postgres_bin%%/*}"
	done | sort -n | awk -v oldest="$oldest_postgres" '$1 >= oldest {v = $1} END {print v}'
}

# ---------------------------------------------------------------- what is asked for

# inputs finds what kind of servers it will be, and the secrets, which stay out of arguments and out of the log.
inputs() {
	inputs_servers
	if [ "$os_version" = 22.04 ] && [ "$database" = own ] && ! have_postgres; then
		fail "Ubuntu 22.04 has PostgreSQL 14, and $oldest_postgres is needed: give a managed server with --database-url-file, or install a newer PostgreSQL first"
	fi
	inputs_token
	unset TELEGRAM_TOKEN
}

inputs_servers() {
	[ -z "$database_file" ] || database_url=$(secret_from "$database_file" "--database-url-file")
	[ -z "$redis_file" ] || redis_url=$(secret_from "$redis_file" "--redis-url-file")
	database=own redis=own
	if [ -n "$database_url" ]; then database=managed; fi
	if [ -n "$redis_url" ]; then redis=managed; fi
	[ -n "$database_file" ] || warn_password --database-url "$database_url"
	[ -n "$redis_file" ] || warn_password --redis-url "$redis_url"
	if [ ! -f "$env_file" ]; then
		warn_unused DATABASE_URL --database-url-file "$database"
		warn_unused REDIS_URL --redis-url-file "$redis"
		return 0
	fi
	kept_server DATABASE_URL "$database" /run/postgresql || database=managed
	kept_server REDIS_URL "$redis" /run/redis-healthagent || redis=managed
}

# warn_unused tells who has named a server in the environment: another program's may be there, so it is not taken for ours.
warn_unused() { # NAME OPTION KIND
	if [ -n "$(setting "$1")$(setting "$1_FILE")" ] && [ "$3" = own ]; then
		warn "$1 in the environment is not used, and a server of its own is made; for a managed one give $2"
	fi
}

warn_password() {
	case $2 in
	*:*:*@*) warn "the password in $1 could be seen in ps by every user of this server; give it in a file, with $1-file" ;;
	esac
}

# kept_server holds an installation to the servers that its settings name: false for a managed one. Moving data is another task.
kept_server() { # NAME ASKED OWN_PLACE
	kept=$(env_value "$1")
	case $kept in
	'' | *"$3"*) kept_kind=own ;;
	*) kept_kind=managed ;;
	esac
	if [ -z "$kept" ] && [ -n "$(env_value "$1_FILE")" ]; then kept_kind=managed; fi
	if [ "$2" = managed ] && [ "$kept_kind" = own ]; then
		fail "this installation has its own server, as $env_file says; $1 is not changed by install.sh: see docs/recipes.md on moving"
	fi
	[ "$kept_kind" = own ]
}

# env_value is what the env file says of a name, empty when it says nothing.
env_value() { env_word "$1" | sed -e "s/^'\(.*\)'\$/\1/" -e 's/^"\(.*\)"$/\1/'; }

# env_word is the same as it is written there, with its quotes.
env_word() {
	[ -f "$env_file" ] || return 0
	sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$env_file" | tail -n 1 | sed 's/[[:space:]]*$//'
}

secret_from() { # FILE OPTION
	if [ "$1" = - ]; then
		IFS= read -r secret || [ -n "$secret" ] || fail "$2: the input holds nothing"
	else
		[ -e "$1" ] || fail "$2: there is no file $1"
		if [ ! -r "$1" ] || [ -d "$1" ]; then fail "$2: $1 cannot be read"; fi
		case $(stat -Lc '%F %a' "$1") in
		'regular '*[4567]) warn "$2: $1 can be read by every user of this server: chmod 600 it, and change what is in it if others may have looked" ;;
		esac
		secret=$(tr -d '\r' <"$1" | sed -n '/[^[:space:]]/{s/^[[:space:]]*//;s/[[:space:]]*$//;p;q;}')
	fi
	[ -n "$secret" ] || fail "$2: $1 holds nothing"
	printf '%s' "$secret"
}

inputs_token() {
	token=''
	if [ -n "$token_file" ]; then
		token=$(secret_from "$token_file" --token-file)
		token_from=$token_file
	elif [ -n "${TELEGRAM_TOKEN:-}" ]; then
		token=$TELEGRAM_TOKEN
		token_from='TELEGRAM_TOKEN in the environment'
	elif [ -n "${TELEGRAM_TOKEN_FILE:-}" ]; then
		token=$(secret_from "$TELEGRAM_TOKEN_FILE" TELEGRAM_TOKEN_FILE)
		token_from=$TELEGRAM_TOKEN_FILE
	elif [ -s "$token_credential" ]; then
		token=$(secret_from "$token_credential" "$token_credential")
		token_from=$token_credential
	elif (: </dev/tty) 2>/dev/null; then
		ask_token
		return 0
	else
		fail "the bot's token is missing: give --token-file FILE, or set TELEGRAM_TOKEN. @BotFather on Telegram gives one"
	fi
	[ "$token_from" != - ] || token_from='the input'
	token_looks_right || fail "what is in $token_from is no token of Telegram's: $token_shape"
}

# ask_token asks at the terminal, and again for what is none: a token is pasted with a blank or a letter too few soon enough.
ask_token() {
	for ask_left in 2 1 0; do
		ask_once
		if token_looks_right; then return 0; fi
		[ "$ask_left" -eq 0 ] || printf 'That is no token of Telegram'\''s: %s. Once more.\n' "$token_shape" >/dev/tty
	done
	fail "what was typed is no token of Telegram's: $token_shape"
}

ask_once() {
	echo_off=yes
	stty -echo </dev/tty
	printf "The bot's token, from @BotFather on Telegram (it is not shown): " >/dev/tty
	IFS= read -r token </dev/tty || [ -n "$token" ] || fail "no token was given"
	stty echo </dev/tty
	echo_off=no
	printf '\n' >/dev/tty
	token=$(printf '%s' "$token" | tr -d '[:space:]')
}

token_looks_right() {
	token_id=${token%%:*}
	case $token_id in
	'' | *[!0-9]*) return 1 ;;
	esac
	case $token in
	*:) return 1 ;;
	*[[:space:]]*) return 1 ;;
	*:*) return 0 ;;
	esac
	return 1
}

# ---------------------------------------------------------------- the program

find_binary() {
	if [ -n "$binary" ]; then
		[ -f "$binary" ] || fail "--binary: there is no file $binary"
	elif [ -f "$here/healthagent" ]; then
		binary=$here/healthagent
		check_sum
	elif [ -f "$here/go.mod" ]; then
		build_binary
	else
		fail "there is no program beside this script: give --binary PATH"
	fi
	cp "$binary" "$work/healthagent" # whatever happens to the original meanwhile
	check_kind
	chmod 755 "$work/healthagent"
	new_version=$(run_new version -o json | json_value version) || new_version=''
	[ -n "$new_version" ] || fail "$binary is no healthagent, or a damaged one: get it again"
	name_release
}

# check_kind looks at the head of the program: a shell that is given another file would run it as a script, and that as root.
check_kind() {
	kind=$(od -An -tx1 -N 20 "$work/healthagent" | tr -d ' \n' | sed 's/^\(7f454c460201\).\{24\}/\1 /')
	case $kind in
	'7f454c460201 3e00') kind=x86_64 ;;
	'7f454c460201 b700') kind=aarch64 ;;
	*) fail "$binary is no program for Linux on x86-64 or arm64: give the file 'healthagent' of a release archive, or of 'make build'" ;;
	esac
	[ "$kind" = "$(uname -m)" ] || fail "$binary is a program for $(processor "$kind"), and this server is $(processor "$(uname -m)"): get that archive"
}

processor() {
	case $1 in
	x86_64) echo 'x86-64 (amd64)' ;;
	aarch64) echo arm64 ;;
	esac
}

check_sum() {
	[ -f "$here/SHA256SUMS" ] || return 0
	(cd "$here" && grep -E '^[0-9a-f]{64} [ *](\./)?healthagent$' SHA256SUMS | sha256sum -c --status - 2>/dev/null) ||
		fail "the program beside this script is not the one that SHA256SUMS names: get the archive again"
}

build_binary() {
	go=''
	for go_try in "$(command -v go || :)" /usr/local/go/bin/go; do
		if [ -x "$go_try" ] && go_fits "$go_try"; then
			go=$go_try
			break
		fi
	done
	if [ -z "$go" ]; then
		fail "there is no program beside this script, and to build one Go 1.21 or newer is needed$(go_found).
Build it elsewhere ('make build', or 'make release' for an archive) and give it with --binary PATH,
or put a newer Go into /usr/local/go and run this again."
	fi
	say "    building it with $("$go" version | cut -d ' ' -f 3)"
	build_version=$(git -c safe.directory='*' -C "$here" describe --tags --always --dirty 2>/dev/null || echo devel)
	(cd "$here" && HOME=${HOME:-/root} CGO_ENABLED=0 quiet "$go" build -trimpath -buildvcs=false \
		-ldflags "-s -w -X main.version=$build_version" -o "$work/built" .) || fail "the build failed"
	binary=$work/built
}

go_fits() {
	go_version=$("$1" env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
	[ -n "$go_version" ] && [ "$go_version" -ge 21 ]
}

go_found() {
	if command -v go >/dev/null; then
		printf ' (the one in PATH is %s)' "$(go version | cut -d ' ' -f 3)"
	fi
}

# run_new runs the new program with nothing of our environment: what is set there is for the first env file, and not for its verbs.
run_new() { env -i PATH="$PATH" HOME=/root LC_ALL=C.UTF-8 "$work/healthagent" "$@" </dev/null; }

json_value() { sed -n "s/^  \"$1\": \"\(.*\)\",\{0,1\}\$/\1/p" | head -n 1; }

# name_release gives the release its directory: its version, and a mark of the content when another build has taken that.
name_release() {
	new=$(printf '%s' "$new_version" | tr -c 'A-Za-z0-9._+~-' -)
	new_sum=$(sha256sum <"$work/healthagent" | cut -d ' ' -f 1)
	if [ -f "$releases/$new/healthagent" ] && [ "$(sha256sum <"$releases/$new/healthagent" | cut -d ' ' -f 1)" != "$new_sum" ]; then
		new=$new-$(printf '%s' "$new_sum" | cut -c 1-8)
	fi
	say "    healthagent $new_version"
}

# check_config holds the settings against the new program before anything is touched.
check_config() {
	(umask 077 && printf '%s\n' "$token" >"$work/token")
	if [ -f "$env_file" ]; then
		cat "$env_file" >"$work/candidate.env"
	else
		port=5432 # of a cluster that is still to be made
		render_env >"$work/candidate.env"
	fi
	{
		printf '\nTELEGRAM_TOKEN_FILE=%s\n' "$work/token"
		candidate_url DATABASE_URL "$database_url" "$work/database-url"
		candidate_url REDIS_URL "$redis_url" "$work/redis-url"
	} >>"$work/candidate.env"
	if ! run_new config check --env-file "$work/candidate.env" >"$work/out" 2>&1; then
		settings_place <"$work/out" >&2 || :
		fail "the settings are not right for healthagent $new_version"
	fi
	check_backup_place
	if [ "$database" = managed ] && [ -n "$database_url" ]; then
		quiet run_new migrate status --env-file "$work/candidate.env" || fail "the database that was given cannot be used"
	fi
}

# settings_place names, for the files of this run, what the settings came from.
settings_place() {
	if [ -f "$env_file" ]; then
		sed "s|$work/candidate.env|$env_file|g"
	else
		sed "s|env file $work/candidate.env:[0-9]*|environment of install.sh|g; s|$work/candidate.env|$env_file|g"
	fi | sed "s|file $work/database-url|${database_file:---database-url}|g; s|file $work/redis-url|${redis_file:---redis-url}|g; s|file $work/token|the token|g"
}

candidate_url() { # NAME URL FILE
	[ -n "$2" ] || return 0
	(umask 077 && printf '%s\n' "$2" >"$3")
	printf '%s_FILE=%s\n' "$1" "$3"
}

# ---------------------------------------------------------------- packages

packages() {
	missing=''
	[ -e /etc/ssl/certs/ca-certificates.crt ] || missing='ca-certificates'
	if [ "$database" = own ]; then
		if ! have_postgres; then missing="$missing postgresql"; fi
	elif ! command -v pg_dump >/dev/null; then
		missing="$missing postgresql-client"
	fi
	if [ "$redis" = own ] && ! have_redis; then missing="$missing redis-server"; fi
	missing=${missing# }
	# an apt that a killed run left behind must be waited for, under the same policy
	if [ -z "$missing" ] && ! remembers 'apt begun'; then
		return 0
	fi
	changed "install the packages: ${missing:-none, but finish what was begun}"
	[ "$dry" = no ] || return 0
	case " $missing " in
	*' redis-server '*) [ -e /usr/bin/redis-server ] || remember 'redis-server is ours' ;;
	esac
	remember 'apt begun'
	say "    installing ${missing:-what was begun}"
	forbid_services
	if remembers 'apt begun before'; then quiet dpkg --force-confold --configure -a || :; fi
	remember 'apt begun before'
	# shellcheck disable=SC2086 # a list of names
	fetch ${missing:-ca-certificates} || fail "the packages could not be installed: ${missing:-ca-certificates}. Above is what apt says: mend its sources ('apt-get update' says what is wrong with them) or the package that it names ('dpkg --audit'), or install them by hand"
	allow_services
	forget 'apt begun before'
	quiet_redis
	forget 'apt begun'
}

have_postgres() {
	have_version=$(postgres_version)
	[ -n "$have_version" ] && [ -x /usr/bin/pg_createcluster ] &&
		[ -e "/usr/share/postgresql/$have_version/extension/pg_stat_statements.control" ]
}

have_redis() {
	[ -x /usr/bin/redis-server ] && [ -e /lib/systemd/system/redis-server@.service ]
}

# fetch tries with the lists that are there before it asks for new ones.
fetch() {
	if apt_get install -y --no-install-recommends "$@"; then return 0; fi
	say "    refreshing the lists of packages"
	apt_get update || warn "the lists of packages could not be refreshed"
	apt_get install -y --no-install-recommends "$@" || {
		tail -n 15 "$work/out" >&2
		return 1
	}
}

# apt_get waits for other package managers: apt by itself for dpkg's lock, and this loop for the lock of the lists.
# needrestart, where it is installed, would restart other people's services for it.
apt_get() {
	apt_tries=60
	while :; do
		note "+ apt-get $*"
		apt_rc=0
		env LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 NEEDRESTART_MODE=l apt-get -q -o DPkg::Lock::Timeout=300 \
			-o Dpkg::Options::=--force-confold "$@" >"$work/out" 2>&1 </dev/null || apt_rc=$?
		cat "$work/out" >>"$log"
		[ "$apt_rc" -ne 0 ] || return 0
		grep -q 'Could not get lock\|is held by process\|Unable to lock directory' "$work/out" || return "$apt_rc"
		apt_tries=$((apt_tries - 1))
		[ "$apt_tries" -gt 0 ] || return "$apt_rc"
		[ "$apt_tries" -ne 59 ] || say "    waiting for another package manager"
		sleep 5
	done
}

# While packages are configured, a policy forbids them to start services, and a setting forbids PostgreSQL to make a cluster.
forbid_services() {
	if [ -e "$policy" ] && ! grep -qxF "$mark" "$policy"; then mv "$policy" "$policy.before-healthagent"; fi
	printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
	chmod 755 "$policy"
	for forbid_dir in "${no_cluster%/*/*}" "${no_cluster%/*}"; do
		if [ ! -d "$forbid_dir" ]; then
			remember "dir $forbid_dir"
			mkdir "$forbid_dir"
			chmod 755 "$forbid_dir"
		fi
	done
	printf '%s\ncreate_main_cluster = false\n' "$mark" >"$no_cluster"
}

# allow_services takes the policy away again; there may be none.
allow_services() {
	[ "$dry" = no ] || return 0
	if [ -f "$policy" ] && grep -qxF "$mark" "$policy"; then rm -f "$policy"; fi
	if [ -e "$policy.before-healthagent" ]; then mv "$policy.before-healthagent" "$policy"; fi
	rm -f "$no_cluster"
	rmdir "${no_cluster%/*}" 2>/dev/null || :
}

# quiet_redis takes back that Debian's Redis starts with the machine, when it came with us.
quiet_redis() {
	remembers 'redis-server is ours' || return 0
	env DPKG_MAINTSCRIPT_PACKAGE=redis-server deb-systemd-helper disable redis-server.service >/dev/null 2>&1 || :
	quiet systemctl disable --now redis-server.service || :
	forget 'redis-server is ours'
}

# ---------------------------------------------------------------- users and places

# write_units has the new program write its unit files where they can be compared.
write_units() {
	rm -rf "$work/units"
	mkdir "$work/units"
	run_new units --write "$work/units" >"$work/out" 2>&1 || fail "the program has no unit files: $(tail -n 1 "$work/out")"
	run_new man >"$work/man" 2>"$work/out" || fail "the program has no manual page: $(tail -n 1 "$work/out")"
	run_new completion bash >"$work/completion" 2>"$work/out" || fail "the program has no completion: $(tail -n 1 "$work/out")"
}

users_and_places() {
	getent passwd "$name" >/dev/null || remember "user $name"
	getent group "$name" >/dev/null || remember "group $name"
	getent group "$name-admin" >/dev/null || remember "group $name-admin"
	shared_dir "${sysusers%/*}"
	shared_dir "${tmpfiles%/*}"
	put "$sysusers" 644 root:root <"$work/units/sysusers.d/healthagent.conf"
	if ! getent passwd "$name" >/dev/null || ! getent group "$name" >/dev/null || ! getent group "$name-admin" >/dev/null; then
		act "make the user $name and the group $name-admin" systemd-sysusers "$sysusers"
	fi
	put "$tmpfiles" 644 root:root <"$work/units/tmpfiles.d/healthagent.conf"
	own_dir "$etc" 755 root:root
	own_dir "$credentials" 700 root:root
	if ! has_places; then
		act "make the directories of $tmpfiles" systemd-tmpfiles --create "$tmpfiles"
	fi
	backup_place
}

has_places() {
	awk '$1 ~ /^d/ {print $2}' "$work/units/tmpfiles.d/healthagent.conf" >"$work/places"
	while IFS= read -r place; do
		[ -d "$place" ] || return 1
	done <"$work/places"
}

# find_backup_place finds where the dumps go.
find_backup_place() {
	backups=$(env_value HEALTHAGENT_BACKUP_DIR)
	if [ -z "$backups" ] && [ ! -f "$env_file" ]; then backups=${HEALTHAGENT_BACKUP_DIR:-}; fi
	backups=${backups:-$default_backups}
}

# check_backup_place refuses a place that the service could not write to, or that is somebody else's.
check_backup_place() {
	find_backup_place
	case $backups in
	"$default_backups") return 0 ;;
	/*) ;;
	*) fail "HEALTHAGENT_BACKUP_DIR is $backups; it has to be a full path" ;;
	esac
	backups_real=$(realpath -m -- "$backups") # where links and dots lead
	case $backups_real/ in
	/home/* | /root/* | /run/user/*) fail "HEALTHAGENT_BACKUP_DIR is $backups, and the service sees nothing under /home and /root: choose another place" ;;
	/tmp/* | /var/tmp/* | /dev/* | /proc/* | /sys/*) fail "HEALTHAGENT_BACKUP_DIR is $backups, where nothing stays: choose another place" ;;
	"$etc"/* | "$lib"/* | "$state"/) fail "HEALTHAGENT_BACKUP_DIR is $backups, which holds other files of healthagent: choose a directory for the dumps alone" ;;
	/mnt/ | /media/ | /opt/ | /srv/ | /var/mail/ | /var/local/ | /var/opt/) # empty on a new server, and the system's all the same
		fail "HEALTHAGENT_BACKUP_DIR is $backups, which would become the service's alone: choose a directory in it, as ${backups_real}/healthagent"
		;;
	esac
	if [ -d "$backups" ] && [ "$(stat -c %U "$backups_real")" != "$name" ] && [ -n "$(ls -A "$backups_real")" ]; then
		fail "HEALTHAGENT_BACKUP_DIR is $backups, where others have files: choose a directory for the dumps alone"
	fi
}

backup_place() {
	[ "$backups" = "$default_backups" ] || own_dir "$backups" 700 "$name:$name"
}

# ---------------------------------------------------------------- PostgreSQL

postgres() {
	[ "$database" = own ] || return 0
	find_cluster
	if [ -z "$cluster" ]; then make_cluster; fi
	if [ "$dry" = yes ] && [ -z "$cluster" ]; then return 0; fi
	configure_cluster
	start_cluster
	if [ "$dry" = yes ] && ! pg postgres 'SELECT 1' >/dev/null 2>&1; then return 0; fi
	fill_cluster
}

# find_cluster finds our cluster by its name: its version, its port, its unit. One that a killed run left half made is taken away.
find_cluster() {
	cluster='' port=''
	for cluster_dir in /etc/postgresql/*/"$name"; do
		[ -d "$cluster_dir" ] || continue
		cluster_dir=${cluster_dir%/*}
		cluster=${cluster_dir##*/}
	done
	if remembers 'cluster begun' && [ "$dry" = no ]; then
		for cluster_half in /etc/postgresql/*/"$name" /var/lib/postgresql/*/"$name"; do
			if [ -d "$cluster_half" ]; then rm -rf "$cluster_half"; fi
		done
		cluster=''
	fi
	[ -n "$cluster" ] || return 0
	cluster_names
}

cluster_names() {
	cluster_etc=/etc/postgresql/$cluster/$name
	cluster_unit=postgresql@$cluster-$name.service
	port=$(sed -n 's/^[[:space:]]*port[[:space:]]*=[[:space:]]*\([0-9]*\).*/\1/p' "$cluster_etc/postgresql.conf" 2>/dev/null | tail -n 1)
	port=${port:-5432}
}

make_cluster() {
	make_version=$(postgres_version)
	if [ "$dry" = yes ]; then
		changed "make the PostgreSQL cluster ${make_version:-of the installed version} $name"
		return 0
	fi
	[ -n "$make_version" ] || fail "there is no PostgreSQL $oldest_postgres or newer"
	remember 'cluster begun'
	act "make the PostgreSQL cluster $make_version $name" \
		pg_createcluster --encoding UTF8 --locale C.UTF-8 --start-conf auto "$make_version" "$name" -- --data-checksums ||
		fail "the cluster could not be made"
	remember "cluster $make_version"
	cluster=$make_version
	cluster_names
	forget 'cluster begun'
}

configure_cluster() {
	if ! grep -qx auto "$cluster_etc/start.conf"; then
		echo auto | put "$cluster_etc/start.conf" 644 postgres:postgres
	fi
	if [ ! -d "$cluster_etc/conf.d" ]; then own_dir "$cluster_etc/conf.d" 755 postgres:postgres; fi
	render_postgres | put "$cluster_etc/conf.d/healthagent.conf" 644 root:root
}

# render_postgres sizes the cluster by the machine, which it shares with Redis and the bot.
render_postgres() {
	pool=$((2 * cores + 5))
	pool_set=$(env_value HEALTHAGENT_POOL_MAX)
	case ${pool_set:-${HEALTHAGENT_POOL_MAX:-}} in
	'' | *[!0-9]*) ;;
	*) pool=${pool_set:-$HEALTHAGENT_POOL_MAX} ;;
	esac
	cat <<END
# Of healthagent's own cluster, written by its install.sh, which would overwrite a
# change made here: put yours into a file beside it that sorts behind, as zz-local.conf.
listen_addresses = ''   # the socket in /run/postgresql only
max_connections = $((pool + 30))     # the pool, its own helpers, and operators
shared_buffers = $(at_most $((memory_mb / 4)) 1024)MB
effective_cache_size = $((memory_mb / 2))MB
maintenance_work_mem = $(at_most $((memory_mb / 16)) 512)MB
work_mem = $(at_most $((memory_mb / 256 + 2)) 16)MB
random_page_cost = 1.1
track_io_timing = on
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.max = 2000
pg_stat_statements.track = top
pg_stat_statements.track_utility = off
log_error_verbosity = terse   # what people wrote does not belong into a log
log_timezone = 'UTC'
timezone = 'UTC'
END
}

at_most() { if [ "$1" -lt "$2" ]; then echo "$1"; else echo "$2"; fi; }

# postgres_print is of what our cluster has to have read, and of which one: what pg_upgradecluster makes of it starts without our settings.
postgres_print() { echo "$cluster $(print_of "$cluster_etc/conf.d/healthagent.conf")"; }

start_cluster() {
	cluster_print=$(postgres_print)
	if ! has_read postgresql "$cluster_print"; then
		act "start PostgreSQL with its settings" restart_cluster
	elif ! systemctl is-active -q "$cluster_unit"; then
		act "start PostgreSQL" restart_cluster
	fi
	[ "$dry" = no ] || return 0
	set_read postgresql "$cluster_print"
}

restart_cluster() {
	systemctl daemon-reload # its generator makes the cluster start with the machine
	systemctl restart "$cluster_unit" || return 1
	restart_wait=120
	until pg postgres 'SELECT 1' >/dev/null 2>&1; do
		restart_wait=$((restart_wait - 1))
		if [ "$restart_wait" -eq 0 ] || ! systemctl is-active -q "$cluster_unit"; then
			tail -n 10 "/var/log/postgresql/postgresql-$cluster-$name.log"
			return 1
		fi
		sleep 0.5
	done
}

# as_postgres runs a command as the superuser's OS user, without a session of that user, which would leave its marks.
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; }

# pg asks our cluster, as its superuser.
pg() { # DATABASE SQL
	as_postgres "/usr/lib/postgresql/$cluster/bin/psql" -XqAt -v ON_ERROR_STOP=1 -h /run/postgresql -p "$port" -d "$1" -c "$2" </dev/null
}

pg_act() { # WHAT DATABASE SQL
	act "$1" pg "$2" "$3"
}

fill_cluster() {
	if [ -z "$(pg postgres "SELECT 1 FROM pg_roles WHERE rolname = '$name'")" ]; then
		pg_act "make the role $name" postgres "CREATE ROLE $name LOGIN CREATEDB"
	elif [ -z "$(pg postgres "SELECT 1 FROM pg_roles WHERE rolname = '$name' AND rolcanlogin AND rolcreatedb")" ]; then
		pg_act "give the role $name its rights" postgres "ALTER ROLE $name LOGIN CREATEDB"
	fi
	for right in pg_monitor pg_signal_backend; do
		if [ "$(pg postgres "SELECT coalesce((SELECT pg_has_role(oid, '$right', 'MEMBER') FROM pg_roles WHERE rolname = '$name'), false)")" = f ]; then
			pg_act "give the role $name the right $right" postgres "GRANT $right TO $name"
		fi
	done
	# in template1 too: a database that the service makes later, as to restore a dump, has them from there
	for filled in template1 "$name"; do
		if [ "$filled" = "$name" ] && [ -z "$(pg postgres "SELECT 1 FROM pg_database WHERE datname = '$name'")" ]; then
			pg_act "make the database $name" postgres "CREATE DATABASE $name OWNER $name"
		fi
		for extension in pg_stat_statements pgstattuple; do
			if [ -z "$(pg "$filled" "SELECT 1 FROM pg_extension WHERE extname = '$extension'" 2>/dev/null)" ]; then
				pg_act "add $extension to $filled" "$filled" "CREATE EXTENSION IF NOT EXISTS $extension"
			fi
		done
	done
}

# ---------------------------------------------------------------- Redis

redis() {
	[ "$redis" = own ] || return 0
	render_redis | put "$redis_conf" 644 root:root
	shared_dir "${redis_dropin%/*}"
	render_redis_dropin | put "$redis_dropin" 644 root:root
	if [ "$dry" = no ]; then systemctl daemon-reload; fi
	if ! systemctl is-enabled -q "$redis_unit" 2>/dev/null; then
		act "have Redis start with the machine" systemctl enable "$redis_unit"
	fi
	redis_print=$(print_of "$redis_conf" "$redis_dropin")
	if ! has_read redis "$redis_print" || ! systemctl is-active -q "$redis_unit"; then
		act "start Redis" systemctl restart "$redis_unit" || fail "Redis does not start: journalctl -u $redis_unit"
	fi
	[ "$dry" = yes ] || set_read redis "$redis_print"
}

render_redis() {
	redis_mb=$(at_most $((memory_mb / 16)) 256)
	if [ "$redis_mb" -lt 48 ]; then redis_mb=48; fi
	cat <<END
# Of healthagent's own Redis, written by its install.sh. It is a cache: nothing is kept on disk.
port 0
unixsocket $redis_socket
unixsocketperm 700
dir /run/redis-healthagent
pidfile /run/redis-healthagent/redis-server.pid
logfile ""
save ""
appendonly no
maxmemory ${redis_mb}mb
maxmemory-policy allkeys-lru
END
}

render_redis_dropin() {
	cat <<END
# Of healthagent's own Redis, written by its install.sh: it runs as the service's user, on a socket that only that user can reach.
[Service]
User=healthagent
Group=healthagent
RuntimeDirectoryMode=0700
ExecStart=
ExecStart=/usr/bin/redis-server $redis_conf --supervised systemd --daemonize no
END
}

# ---------------------------------------------------------------- settings

settings() {
	printf '%s\n' "$token" | put "$token_credential" 600 root:root
	[ -z "$database_url" ] || printf '%s\n' "$database_url" | put "$credentials/database-url" 600 root:root
	[ -z "$redis_url" ] || printf '%s\n' "$redis_url" | put "$credentials/redis-url" 600 root:root
	if [ ! -f "$env_file" ]; then
		remember "$first"
		render_env | put "$env_file" 600 root:root
		return 0
	fi
	compare_settings
	cat "$env_file" >"$work/env"
	put "$env_file" 600 root:root <"$work/env" # its owner and mode
}

# setting_names are the settings that may come from our environment, and of secrets the one that is no file of its own.
setting_names() {
	run_new config keys -o json | awk -F '"' '
		/^      "name"/ {name = $4}
		/^      "secret"/ && (/false/ || name == "HEALTHAGENT_BACKUP_HOOK") && name !~ /^HEALTHAGENT_(STATE_DIR|ENV_FILE)$/ {print name}'
}

setting() { eval "printf '%s' \"\${$1:-}\""; }

render_env() {
	cat <<'END'
# The settings of healthagent, a NAME=value in each line, read by the service and by root's commands.
# After a change:  healthagent config check && systemctl restart healthagent
# install.sh wrote this file once and does not change it. Secrets are in files of their own.

TELEGRAM_TOKEN_FILE=/etc/healthagent/credentials/telegram-token
END
	if [ "$database" = own ]; then
		printf 'DATABASE_URL=postgres://healthagent@/healthagent?host=/run/postgresql&port=%s\n' "$port"
	else
		printf 'DATABASE_URL_FILE=%s\n' "$credentials/database-url"
	fi
	if [ "$redis" = own ]; then
		printf 'REDIS_URL=unix://%s\n' "$redis_socket"
	else
		printf 'REDIS_URL_FILE=%s\n' "$credentials/redis-url"
	fi
	for env_name in $(setting_names); do
		env_text=$(setting "$env_name")
		if [ -z "$env_text" ] && [ "$env_name" = HEALTHAGENT_BACKUP_DIR ]; then env_text=$default_backups; fi
		[ -z "$env_text" ] || printf '%s=%s\n' "$env_name" "$(quoted "$env_name" "$env_text")"
	done
	printf '\n# The others, with an example each:\n'
	run_new config keys -o json | awk -F '": ' '
		function text(s) {sub(/,$/, "", s); gsub(/^"|"$/, "", s); gsub(/\\"/, "\"", s)
			gsub(/\\u003c/, "<", s); gsub(/\\u003e/, ">", s); gsub(/\\u0026/, "\\&", s); return s}
		/^      "name"/ {name = text($2)}
		/^      "meaning"/ {meaning = text(substr($0, index($0, $2)))}
		/^      "default"/ {usual = text(substr($0, index($0, $2)))}
		/^      "example"/ {example = text(substr($0, index($0, $2)))}
		/^      "secret"/ && (/false/ || name == "HEALTHAGENT_BACKUP_HOOK") && name !~ /^HEALTHAGENT_(STATE_DIR|ENV_FILE)$/ {
			if (example ~ / /) example = "'\''" example "'\''"
			printf "\n# %s%s\n#%s=%s\n", meaning, usual == "" ? "" : " (usually " usual ")", name, example}'
}

# quoted writes a value as the env file wants it.
quoted() { # NAME VALUE
	case $2 in
	*[!A-Za-z0-9_./:,@%+=-]*) ;;
	*)
		printf '%s' "$2"
		return 0
		;;
	esac
	case $2 in
	*"
"*) fail "$1 in the environment has more than one line" ;;
	*\'*) printf '"%s"' "$(printf '%s' "$2" | sed 's/[\\"$`]/\\&/g')" ;;
	*) printf "'%s'" "$2" ;;
	esac
}

compare_settings() {
	for env_name in $(setting_names); do
		env_text=$(setting "$env_name")
		if [ -n "$env_text" ] && [ "$env_text" != "$(env_value "$env_name")" ] && [ "$(quoted "$env_name" "$env_text")" != "$(env_word "$env_name")" ]; then
			warn "$env_name of the environment differs from $env_file, which stays as it is: edit it there"
		fi
	done
}

# ---------------------------------------------------------------- units and pages

services() {
	for services_unit in $unit_files; do
		put "$units/$services_unit" 644 root:root <"$work/units/systemd/system/$services_unit"
	done
	services_dropins
	shared_dir "${man_page%/*}"
	put "$man_page" 644 root:root <"$work/man"
	shared_dir "${completion%/*}"
	put "$completion" 644 root:root <"$work/completion"
}

# services_dropins say what only this server knows: its own servers, and another place for the dumps.
services_dropins() {
	render_servers | put_or_drop "$servers_dropin"
	render_backup_place | put_or_drop "$backups_dropin"
}

# put_or_drop writes the input into a drop-in; of an empty one there is none.
put_or_drop() {
	cat >"$work/dropin"
	if [ -s "$work/dropin" ]; then
		shared_dir "${1%/*}"
		put "$1" 644 root:root <"$work/dropin"
	else
		drop "$1"
		rmdir "${1%/*}" 2>/dev/null || :
	fi
}

render_servers() {
	own_units=''
	if [ "$database" = own ] && [ -n "$cluster" ]; then own_units=$cluster_unit; fi
	if [ "$redis" = own ]; then own_units="$own_units $redis_unit"; fi
	own_units=${own_units# }
	[ -z "$own_units" ] ||
		printf '# The servers of this installation, written by install.sh.\n[Unit]\nWants=%s\nAfter=%s\n' "$own_units" "$own_units"
}

# unit_word is a word as a unit file takes it.
unit_word() {
	case $1 in
	*[!A-Za-z0-9_./:,@+=-]*) printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g; s/%/%%/g')" ;;
	*) printf '%s' "$1" ;;
	esac
}

render_backup_place() {
	[ "$backups" = "$default_backups" ] ||
		printf '# Where HEALTHAGENT_BACKUP_DIR has the dumps, written by install.sh.\n[Service]\nReadWritePaths=%s\n' "$(unit_word "$backups")"
}

# ---------------------------------------------------------------- the switch

place_release() {
	if [ ! -f "$releases/$new/healthagent" ]; then
		changed "install the program as $releases/$new/healthagent"
		if [ "$dry" = no ]; then
			install -d -m 0755 -o root -g root "$lib" "$releases" "$releases/$new"
			install -m 0755 -o root -g root "$work/healthagent" "$releases/$new/healthagent.new"
			mv -f "$releases/$new/healthagent.new" "$releases/$new/healthagent"
		fi
	fi
}

# point lets the command be the one of a release, at once: there is no moment without it.
point() { # RELEASE
	ln -sfn "$releases/$1/healthagent" "$link.healthagent-new"
	mv -fT "$link.healthagent-new" "$link"
	touch "$releases/$1"
}

start_service() {
	if [ "$(readlink "$link" 2>/dev/null || :)" != "$releases/$new/healthagent" ]; then
		act "switch $link to $new" point "$new"
	fi
	if [ "$dry" = no ]; then
		systemctl daemon-reload
		verify_units
	fi
	for enabled in healthagent.service healthagent-backup.timer; do
		if ! systemctl is-enabled -q "$enabled" 2>/dev/null; then act "have $enabled start with the machine" systemctl enable "$enabled"; fi
	done
	service_print=$(service_print)
	if ! has_read healthagent "$service_print" || ! systemctl is-active -q healthagent.service; then
		[ "$dry" = yes ] || rm -f "$notes/read-healthagent"
		check_tables
		act "start healthagent" restart_service || {
			show_journal
			fail "healthagent $new_version does not start"
		}
		[ "$dry" = yes ] || set_read healthagent "$service_print"
	fi
	# systemd makes it for the first timer that keeps its time, which on a server may be ours
	[ -d "${timer_stamp%/*}" ] || remember "dir ${timer_stamp%/*}"
	if ! systemctl is-active -q healthagent-backup.timer; then act "start the timer of the dumps" systemctl start healthagent-backup.timer; fi
}

# check_tables says of a new installation what its service would say in the journal.
check_tables() {
	[ "$dry" = no ] && [ "$upgrading" = no ] && [ "$(migrates)" = off ] || return 0
	quiet run_new migrate plan -o json || fail "the program cannot tell what it would change in the database"
	[ -z "$(pending_tables <"$work/out")" ] ||
		fail "HEALTHAGENT_MIGRATE is off, and the service does not start before its tables are made: '${sudo}healthagent migrate up', and run this again"
}

# service_print is of all that the service reads when it starts.
service_print() {
	echo "$new"
	print_of "$env_file" "$credentials"/* "$units/healthagent.service" "$units/healthagent.service.d"/*.conf
}

# restart_service waits until the service says that it is ready, or has failed.
restart_service() {
	since=$(date +%s)
	systemctl reset-failed healthagent.service 2>/dev/null || :
	systemctl restart healthagent.service
}

verify_units() {
	verify_print=$(for verify_unit in $unit_files; do print_of "$units/$verify_unit" "$units/$verify_unit.d"/*.conf; done | sha256sum | cut -d ' ' -f 1)
	has_read units "$verify_print" && return 0
	quiet systemd-analyze verify --man=no "$units/healthagent.service" "$units/healthagent-backup.service" "$units/healthagent-backup.timer" ||
		fail "systemd does not take the unit files"
	set_read units "$verify_print"
}

show_journal() {
	{
		echo "---- the last lines of the service:"
		journalctl -u healthagent.service --since "@$since" -n 20 --no-pager -o cat 2>/dev/null || :
		echo "----"
	} | tee -a "$log" >&2 || :
}

# ---------------------------------------------------------------- upgrade, with a way back

# The journal of an upgrade tells a later run what was in the place of the new release, and how far the change went: "begun" when
# only files were changed, "switching" when the service may have been, "undoing" when it is taken back.
find_old() {
	old=$(readlink "$link" 2>/dev/null || :)
	old=${old%/healthagent}
	old=${old##*/}
	[ -n "$old" ] && [ -x "$releases/$old/healthagent" ] || old=''
}

journal_value() { sed -n "s/^$1 //p" "$notes/upgrade" 2>/dev/null | head -n 1; }

journal() { # PHASE
	printf 'phase %s\nold %s\nnew %s\ndump %s\n' "$1" "$old" "$new" "$dump" >"$notes/upgrade.new"
	sync "$notes/upgrade.new"
	mv -f "$notes/upgrade.new" "$notes/upgrade"
}

# resume_upgrade looks whether a run was killed in an upgrade. The same release goes on; another one first goes back.
resume_upgrade() {
	[ -f "$notes/upgrade" ] || return 0
	if [ "$dry" = yes ]; then
		say "    an upgrade to $(journal_value new) was cut off; it would be finished, or taken back, first"
		return 0
	fi
	if [ "$(journal_value new)" = "$new" ] && [ "$(journal_value phase)" != undoing ]; then
		say "    an earlier run was cut off in this upgrade; going on with it"
		old=$(journal_value old)
		dump=$(journal_value dump)
		upgrading=yes
		return 0
	fi
	say "    an earlier run was cut off in its upgrade to $(journal_value new); taking that back first"
	resume_new=$new
	new=$(journal_value new)
	old=$(journal_value old)
	undo_upgrade
	new=$resume_new
}

prepare_upgrade() {
	dump=''
	resume_upgrade
	[ "$upgrading" = no ] || return 0
	find_old
	if [ -z "$old" ] || [ "$old" = "$new" ]; then return 0; fi
	say "    upgrade from $old"
	reach_database || return 0
	quiet run_new migrate plan -o json || fail "the new program cannot tell what it would change in the database"
	no_way_back <"$work/out" >"$work/unsafe"
	pending_tables <"$work/out" >"$work/tables"
	if [ -s "$work/tables" ] && [ "$(migrates)" = off ]; then
		fail "HEALTHAGENT_MIGRATE is off, and healthagent $new_version does not start before these migrations are applied: $(tr '\n' ' ' <"$work/tables")
Apply them with the new program, and run this again:
$(apply_hint)"
	fi
	if [ -s "$work/unsafe" ]; then
		say "    these migrations cannot be taken back when the new program fails: $(tr '\n' ' ' <"$work/unsafe")"
		[ "$yes" = yes ] || fail "with --yes the upgrade is made all the same; the way back is then the dump made before it, in $(backup_dir)"
	fi
	quiet run_new migrate status -o json || fail "the new program cannot read the ledger of the database"
	[ "$dry" = no ] || return 0
	cp "$work/out" "$work/migrations"
	begin_upgrade
}

backup_dir() {
	backup_dir_said=$(env_value HEALTHAGENT_BACKUP_DIR)
	echo "${backup_dir_said:-$default_backups}"
}

# reach_database starts our cluster when it is down: the database is asked before anything is changed. A dry run starts nothing, and is false.
reach_database() {
	[ "$database" = own ] || return 0
	find_cluster
	if [ -z "$cluster" ] || systemctl is-active -q "$cluster_unit"; then return 0; fi
	if [ "$dry" = yes ]; then
		say "    PostgreSQL does not run, so it cannot be told what the upgrade would change in the database"
		return 1
	fi
	quiet restart_cluster || fail "PostgreSQL does not start"
}

# migrates is auto, or off when somebody else applies migrations.
migrates() {
	migrates_said=$(env_value HEALTHAGENT_MIGRATE)
	echo "${migrates_said:-auto}"
}

# pending_tables names the pending migrations that the service does not do without: all but those of indexes.
pending_tables() {
	awk -F '"' '
		/^      "version"/ {version = $4}
		/^      "name"/ {name = $4}
		/^      "direction"/ {direction = $4}
		/^      "class"/ {class = $4}
		/^    \}/ {if (direction == "up" && class != "index-only") print version "_" name}'
}

# apply_hint is what to paste; what the old program may not bear is applied while it does not run.
apply_hint() {
	apply_program=$binary
	if [ "$binary" = "$work/built" ]; then
		echo "  make -C $(shell_word "$here") build"
		apply_program=$here/healthagent
	fi
	[ ! -s "$work/unsafe" ] || echo "  ${sudo}systemctl stop healthagent"
	printf '  %s\n' "${sudo}healthagent backup" "$sudo$(shell_word "$apply_program") migrate up"
}

# no_way_back names the pending migrations after which the old program would not run and that cannot be taken back. From the newest on:
# one of class index-only goes alone, a rebuildable one only when nothing stays above it, and an additive one may stay.
no_way_back() {
	awk -F '"' '
		/^      "version"/ {version = $4}
		/^      "name"/ {name = $4}
		/^      "direction"/ {direction = $4}
		/^      "class"/ {class = $4}
		/^      "additive"/ {additive = /true/}
		/^    \}/ {if (direction == "up") {n++; v[n] = version "_" name; c[n] = class; a[n] = additive}}
		END {
			for (i = n; i > 0; i--) {
				if (c[i] == "index-only" || (c[i] == "rebuildable" && !stays)) continue
				if (a[i]) stays = 1; else print v[i]
			}
		}'
}

upgrade_files() {
	for upgrade_unit in $unit_files; do echo "$units/$upgrade_unit"; done
	printf '%s\n' "$servers_dropin" "$backups_dropin" "$sysusers" "$tmpfiles" "$man_page" "$completion" "$redis_conf" "$redis_dropin" "$env_file" \
		"$token_credential" "$credentials/database-url" "$credentials/redis-url"
	if [ -n "$cluster" ]; then echo "$cluster_etc/conf.d/healthagent.conf"; fi
}

begin_upgrade() {
	notes_dir
	rm -rf "$notes/undo"
	mkdir "$notes/undo"
	upgrade_files >"$notes/undo/list"
	while IFS= read -r undo_file; do
		[ ! -f "$undo_file" ] || cp -a --parents "$undo_file" "$notes/undo/"
	done <"$notes/undo/list"
	cp "$work/migrations" "$notes/undo/migrations"
	failing "$releases/$old/healthagent" >"$notes/undo/failing"
	journal begun
	upgrading=yes
}

# dump_before keeps what the new program will change: a schema that is there.
dump_before() {
	if [ "$old" = "$new" ] || [ "$no_dump" = yes ] || [ -n "$dump" ] || [ ! -f "$env_file" ]; then return 0; fi
	if [ "$dry" = yes ]; then
		[ -z "$old" ] || say "    would dump the database"
		return 0
	fi
	quiet run_new migrate status -o json || fail "the database cannot be asked"
	grep -q '"state": "applied"' "$work/out" || return 0
	quiet run_new backup --reason upgrade -o json || fail "the dump before the upgrade failed; with --no-dump there is none"
	dump=$(json_value file <"$work/out")
	say "    the dump before the upgrade: ${dump:-in $(backup_dir)}"
	if [ "$upgrading" = yes ]; then journal begun; fi
}

undo_upgrade() {
	upgrading=no
	undo_phase=$(journal_value phase)
	dump=$(journal_value dump)
	say "Going back to $old."
	if [ "$undo_phase" != begun ]; then
		journal undoing
		systemctl stop healthagent.service healthagent-backup.timer 2>>"$log" || :
		undo_migrations
	fi
	while IFS= read -r undo_file; do
		if [ -f "$notes/undo$undo_file" ]; then
			cp -a "$notes/undo$undo_file" "$undo_file.healthagent-new" && mv -f "$undo_file.healthagent-new" "$undo_file"
		else
			rm -f "$undo_file"
		fi
	done <"$notes/undo/list"
	point "$old"
	systemctl daemon-reload
	undo_servers
	if [ "$undo_phase" != begun ]; then
		rm -f "$notes/read-healthagent" "$notes/read-units"
		if restart_service 2>>"$log"; then
			systemctl start healthagent-backup.timer 2>>"$log" || :
			undo_failed=$new new=$old
			set_read healthagent "$(service_print)"
			new=$undo_failed
			say "healthagent is back on $old and runs."
		else
			show_journal
			warn "healthagent $old does not start either"
			[ -z "$dump" ] || say "The database as it was before the upgrade: ${sudo}healthagent restore $dump"
		fi
	else
		say "The service was not touched; it is $old."
	fi
	rm -f "$notes/upgrade"
	rm -rf "$notes/undo"
	prune_releases "$old"
	[ -z "$dump" ] || say "The dump made before the upgrade: $dump"
}

# undo_servers starts the servers again whose files were changed and are now as they were.
undo_servers() {
	if [ "$database" = own ]; then find_cluster; fi
	if [ "$redis" = own ] && ! has_read redis "$(print_of "$redis_conf" "$redis_dropin")"; then
		quiet systemctl restart "$redis_unit" && set_read redis "$(print_of "$redis_conf" "$redis_dropin")"
	fi
	if [ -n "$cluster" ] && ! has_read postgresql "$(postgres_print)"; then
		quiet restart_cluster && set_read postgresql "$(postgres_print)"
	fi
}

# undo_migrations takes back what this upgrade applied and what can be taken back without a loss, and lets it be applied again.
undo_migrations() {
	for undo_with in "$releases/$new/healthagent" "$releases/$old/healthagent"; do
		undo_program=$undo_with
		if run_release migrate status -o json >"$work/migrations.now" 2>>"$log"; then break; fi
		undo_program=''
	done
	if [ -z "$undo_program" ]; then
		warn "the database cannot be asked which migrations the upgrade applied"
		return 0
	fi
	undo_stays=''
	for undo_row in $(applied_since "$notes/undo/migrations" "$work/migrations.now"); do
		undo_version=${undo_row%%:*}
		undo_class=${undo_row#*:}
		if [ "$undo_class" = failed ]; then # nothing of it is there but its row, which the old program could neither apply nor forget
			if quiet run_release migrate hold "$undo_version" && quiet run_release migrate release "$undo_version"; then
				say "    migration $undo_version failed and is forgotten"
			else
				warn "migration $undo_version failed, and its row could not be removed"
			fi
			continue
		fi
		if [ "$undo_class" = index-only ] || { [ "$undo_class" = rebuildable ] && [ -z "$undo_stays" ]; }; then
			if quiet run_release migrate down "$undo_version" --yes && quiet run_release migrate release "$undo_version"; then
				say "    migration $undo_version was taken back"
				continue
			fi
			warn "migration $undo_version could not be taken back"
		fi
		undo_stays=yes
		say "    migration $undo_version stays applied"
	done
}

run_release() { env -i PATH="$PATH" HOME=/root LC_ALL=C.UTF-8 "$undo_program" "$@" </dev/null; }

# applied_since lists, from the newest on, as version:class, what is applied now and was not before; an index may be half built. What
# failed, of which there is nothing, is of the class failed.
applied_since() { # BEFORE NOW
	awk -F '"' '
		FNR == 1 {file++}
		/^      "version"/ {version = $4}
		/^      "state"/ {state = $4}
		/^      "class"/ {class = $4}
		/^    \}/ {
			if (state == "failed") class = "failed"
			some = state ~ /^(applied|failed)$/ || (class == "index-only" && state ~ /^(partial|running)$/)
			if (file == 1) {if (some) before[version] = class}
			else if (some && (!(version in before) || (before[version] == "failed" && class != "failed"))) {n++; row[n] = version ":" class}
		}
		END {for (i = n; i > 0; i--) print row[i]}' "$1" "$2"
}

commit_upgrade() {
	if [ "$upgrading" = yes ]; then
		upgrading=no
		rm -f "$notes/upgrade"
		rm -rf "$notes/undo"
	fi
	[ "$dry" = yes ] || prune_releases "$new"
}

# prune_releases keeps the last three, and one.
prune_releases() { # RELEASE
	find "$releases" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %f\n' | sort -rn | tail -n +4 | while read -r _ prune; do
		if [ "$prune" != "$1" ]; then rm -rf "${releases:?}/$prune"; fi
	done
}

# ---------------------------------------------------------------- the end

# examine has the doctor look at all of it, and shows what is not well. An upgrade after which the daemon is not is taken back.
examine() {
	healthy=yes
	[ "$dry" = no ] || return 0
	first_dump
	patience=1s
	if [ "$(changes)" -gt 0 ]; then patience=60s; fi
	diagnose "$link" --wait "$patience" >"$work/doctor" 2>&1 || healthy=no
	cat "$work/doctor" >>"$log"
	awk '!/^(✔|-) /' "$work/doctor" 2>/dev/null || :
	if [ "$upgrading" = yes ]; then examine_upgrade; fi
}

diagnose() { # PROGRAM OPTION...
	diagnose_program=$1
	shift
	env -i PATH="$PATH" HOME=/root LC_ALL=C.UTF-8 "$diagnose_program" doctor "$@" </dev/null
}

# failing names the checks of the daemon that fail. What else may fail, as a full disk, is no reason to go back.
failing() { # PROGRAM
	diagnose "$1" -o json 2>/dev/null | awk -F '"' '/^      "code"/ {code = $4} /^      "verdict": "fail"/ {print code}' |
		grep -E '^(daemon|service|schema)-' | sort || :
}

# examine_upgrade fails for what is worse than under the old program.
examine_upgrade() {
	sleep 3 # for one that falls over as soon as it works
	if ! systemctl is-active -q healthagent.service || [ "$(systemctl show -p NRestarts --value healthagent.service)" != 0 ]; then
		show_journal
		fail "healthagent $new_version does not stay up"
	fi
	[ "$healthy" = no ] || return 0
	failing "$link" | comm -13 "$notes/undo/failing" - >"$work/worse"
	[ -s "$work/worse" ] || return 0
	show_journal
	fail "healthagent $new_version is not well: $(tr '\n' ' ' <"$work/worse")"
}

# first_dump makes the first dump of a new installation and restores it on trial, so that it is known to go.
first_dump() {
	remembers "$first" || return 0
	quiet systemctl start healthagent-backup.service || warn "the first dump failed: journalctl -u healthagent-backup"
}

summary() {
	count=$(changes)
	if [ "$count" -eq 1 ]; then count='1 change'; else count="$count changes"; fi
	if [ "$dry" = yes ]; then
		say "$count would be made; nothing was changed."
		return 0
	fi
	say "
healthagent $new_version is installed and runs; $count.
  program   $link -> $releases/$new/healthagent
  settings  $env_file; secrets in $credentials
  data      $(data_place)
  dumps     $backups, one a day"
	# without a code a new bot answers nobody
	if remembers "$first" && [ "$(env_value HEALTHAGENT_ACCESS)" != open ]; then
		say "Let somebody in: ${sudo}healthagent invite create --uses 1, and have them send /activate CODE to the bot"
	fi
	forget "$first"
	say "Let a person look: usermod -aG healthagent NAME; and act: usermod -aG healthagent-admin NAME
Open the screen: ${sudo}healthagent tui
Undo: $(undo_hint)"
	if migrations_wait; then
		say "HEALTHAGENT_MIGRATE is off and migrations are pending: ${sudo}healthagent migrate up"
	fi
	if [ "$healthy" = no ]; then
		say "It runs, and the doctor is not content: see above, and '${sudo}healthagent doctor'."
		at=0
		exit 1
	fi
}

data_place() {
	if [ "$database" = own ]; then
		echo "PostgreSQL cluster $cluster/$name, port $port on the socket only"
	else
		echo "the managed PostgreSQL"
	fi
}

undo_hint() {
	if [ -n "$old" ] && [ "$old" != "$new" ]; then
		echo "$sudo$script --binary $releases/$old/healthagent goes back to $old; --uninstall takes the service away and keeps the data"
	else
		echo "$sudo$script --uninstall takes the service away and keeps the data; --purge takes everything"
	fi
}

migrations_wait() {
	[ "$(migrates)" = off ] && run_new migrate status -o json 2>/dev/null | grep -q '"state": "pending"'
}

# ---------------------------------------------------------------- taking it away

uninstall_all() {
	steps=4
	step "stopping the service"
	stop_service
	step "removing its units"
	remove_units
	step "stopping its servers"
	stop_servers
	step "removing the program"
	remove_program
	if [ "$dry" = yes ]; then
		say "$(changes) changes would be made; nothing was changed."
		return 0
	fi
	say "
healthagent was taken away; $(changes) changes. These stay:
  settings and secrets  $etc
  data                  $(kept_data)
  state, dumps          $state, $(backup_dir)
  the user healthagent, and the packages
Install it again: $sudo$script        Remove everything: $sudo$script --purge"
}

kept_data() {
	find_cluster
	if [ -n "$cluster" ]; then echo "PostgreSQL cluster $cluster/$name, which is stopped"; else echo "wherever DATABASE_URL says"; fi
}

# stop_units stops and disables those of the units that systemd knows.
stop_units() {
	for stop_unit in "$@"; do
		if systemctl is-active -q "$stop_unit" || systemctl is-enabled -q "$stop_unit" 2>/dev/null; then
			act "stop $stop_unit" systemctl disable --now "$stop_unit" || fail "$stop_unit could not be stopped"
		fi
		[ "$dry" = yes ] || systemctl reset-failed "$stop_unit" 2>/dev/null || :
	done
}

stop_service() {
	stop_units healthagent-backup.timer healthagent.service
	# these have nothing to disable
	if [ "$dry" = no ]; then
		systemctl stop healthagent-backup.service 'healthagent-alert@*.service' 2>/dev/null || :
		systemctl reset-failed healthagent-backup.service 'healthagent-alert@*.service' 2>/dev/null || :
	fi
}

remove_units() {
	for remove_unit in $unit_files; do
		drop "$units/$remove_unit"
	done
	: | put_or_drop "$servers_dropin"
	: | put_or_drop "$backups_dropin"
	drop "$sysusers"
	drop "$tmpfiles"
	[ "$dry" = yes ] || systemctl daemon-reload
}

# stop_servers stops our PostgreSQL and our Redis. The data of the first stay where they are; the second has none.
stop_servers() {
	stop_units "$redis_unit"
	drop "$redis_dropin"
	rmdir "${redis_dropin%/*}" 2>/dev/null || :
	find_cluster
	if [ -n "$cluster" ]; then
		stop_units "$cluster_unit"
		if grep -qx auto "$cluster_etc/start.conf"; then echo manual | put "$cluster_etc/start.conf" 644 postgres:postgres; fi
	fi
	[ "$dry" = yes ] || systemctl daemon-reload
}

remove_program() {
	drop "$link"
	drop "$man_page"
	drop "$completion"
	for remove_read in "$notes"/read-*; do
		[ ! -e "$remove_read" ] || [ "$dry" = yes ] || rm -f "$remove_read"
	done
	if [ -d "$releases" ]; then
		changed "remove $releases"
		[ "$dry" = yes ] || rm -rf "$releases" "$notes/undo" "$notes/upgrade"
	fi
}

# ---------------------------------------------------------------- and everything with it

purge_all() {
	steps=6
	step "what there is"
	find_cluster
	if [ ! -e "$etc" ] && [ ! -e "$lib" ] && [ -z "$cluster" ] && [ ! -e "$units/healthagent.service" ]; then
		say "There is nothing of healthagent on this server."
		forget_log
		return 0
	fi
	managed_stays=''
	if is_managed; then managed_stays=', but for the managed database'; fi
	confirm_purge
	step "the last dump"
	last_dump
	step "stopping the service"
	stop_service
	remove_units
	step "removing the database"
	stop_servers
	remove_cluster
	step "removing the program and its files"
	remove_program
	remove_files
	step "removing the users"
	remove_users
	if [ "$dry" = yes ]; then
		say "$(changes) changes would be made; nothing was changed."
		return 0
	fi
	say "
Everything of healthagent is gone${managed_stays}; the packages of PostgreSQL and Redis are still there."
	[ -z "$last" ] || say "The last dump: $last"
	forget_log
}

confirm_purge() {
	host=$(hostname)
	if [ -n "$cluster" ]; then
		say "This removes healthagent with its database, its settings, its dumps and its users from $host."
		if [ "$no_dump" = yes ]; then say "No last dump is made."; else say "A last dump is left in ${default_backups%/*}."; fi
	else
		say "This removes healthagent with its settings, its dumps and its users from $host."
		if is_managed; then
			say "The managed database stays as it is. No last dump of it is made, and its dumps in $(backup_dir) go: copy first what is to be kept."
		fi
	fi
	if [ "$dry" = yes ]; then return 0; fi
	if [ -t 0 ]; then printf 'To go on, type the name of this host: ' 2>/dev/null || :; fi
	IFS= read -r answer || [ -n "$answer" ] || answer=''
	if [ "$answer" != "$host" ]; then
		at=0
		fail "nothing was done: the name of this host was not given, at the terminal or on the input"
	fi
}

# is_managed reports whether the settings name a database that somebody else runs.
is_managed() { [ -f "$env_file" ] && ! kept_server DATABASE_URL own /run/postgresql; }

# last_dump leaves the database in one file beside the directory of the dumps, readable by root alone.
last_dump() {
	last=''
	if [ "$no_dump" = yes ]; then
		say "    none, as was asked for"
	elif [ -z "$cluster" ]; then
		if is_managed; then say "    none: the managed database stays as it is"; else say "    none: there is no cluster of ours"; fi
	elif [ "$dry" = yes ]; then
		say "    would dump the database to ${default_backups%/*}"
	else
		systemctl is-active -q "$cluster_unit" || quiet restart_cluster ||
			fail "PostgreSQL does not start, so there would be no last dump. With --no-dump everything is removed without one"
		if [ -z "$(pg postgres "SELECT 1 FROM pg_database WHERE datname = '$name'")" ]; then
			say "    none: there is no database $name"
			return 0
		fi
		write_last_dump
	fi
}

# write_last_dump has the program make the dump, with a manifest. Without a program that can, it is pg_dump's alone.
write_last_dump() {
	last_new=${default_backups%/*}/healthagent-last-$(date -u +%Y%m%dT%H%M%SZ).dump
	dumped=''
	for dump_program in "$binary" "$here/healthagent" "$link"; do
		if [ -n "$dump_program" ] && [ -x "$dump_program" ] && [ -z "$dumped" ]; then
			env -i PATH="$PATH" HOME=/root LC_ALL=C.UTF-8 "$dump_program" backup --reason purge -o json </dev/null >"$work/out" 2>>"$log" || :
			dumped=$(json_value file <"$work/out")
		fi
	done
	if [ -n "$dumped" ] && [ -f "$dumped" ]; then
		for dump_part in '' .sha256 .json; do
			[ -f "$dumped$dump_part" ] || continue
			install -m 600 -o root -g root "$dumped$dump_part" "$last_new$dump_part.part"
			[ -z "$dump_part" ] || sed -i "s|${dumped##*/}|${last_new##*/}|" "$last_new$dump_part.part"
			mv "$last_new$dump_part.part" "$last_new$dump_part"
		done
	else
		dump_alone
	fi
	last=$last_new
	say "    $last"
}

dump_alone() {
	(umask 077 && as_postgres "/usr/lib/postgresql/$cluster/bin/pg_dump" -Fc -h /run/postgresql -p "$port" -d "$name" >"$last_new.part" 2>>"$log" </dev/null) || {
		rm -f "$last_new.part"
		fail "the last dump failed, as $log says. With --no-dump everything is removed without one"
	}
	mv "$last_new.part" "$last_new"
	(umask 077 && cd "${last_new%/*}" && sha256sum "${last_new##*/}" >"$last_new.sha256")
}

# remove_cluster takes away every cluster of our name: an upgrade of PostgreSQL may have left the one before.
remove_cluster() {
	for remove_dir in /etc/postgresql/*/"$name"; do
		[ -d "$remove_dir" ] || continue
		cluster=${remove_dir#/etc/postgresql/}
		cluster=${cluster%/*}
		if ! grep -q '^cluster [0-9]' "$notes/made" 2>/dev/null; then
			warn "the PostgreSQL cluster $cluster/$name was not made by install.sh and stays: pg_dropcluster --stop $cluster $name removes it"
			continue
		fi
		changed "remove the PostgreSQL cluster $cluster $name"
		[ "$dry" = no ] || continue
		quiet pg_dropcluster --stop "$cluster" "$name" || : # of a broken one as much as goes; the rest is removed here
		rm -rf "$remove_dir" "/var/lib/postgresql/$cluster/$name" "/var/log/postgresql/postgresql-$cluster-$name.log"*
		rmdir "/etc/postgresql/$cluster" "/var/lib/postgresql/$cluster" 2>/dev/null || :
		systemctl daemon-reload
		systemctl reset-failed "postgresql@$cluster-$name.service" 2>/dev/null || :
	done
}

remove_files() {
	remove_backups "$(backup_dir)"
	remove_backups "$default_backups"
	for remove_path in "$etc" "$state" /run/healthagent /run/redis-healthagent "$timer_stamp"; do
		if [ -e "$remove_path" ]; then
			changed "remove $remove_path"
			[ "$dry" = yes ] || rm -rf "$remove_path"
		fi
	done
	[ "$dry" = no ] && [ -f "$notes/made" ] || return 0
	sed -n 's/^dir //p' "$notes/made" | sort -r | while IFS= read -r remove_path; do rmdir "$remove_path" 2>/dev/null || :; done
}

# remove_backups empties a directory of dumps, of what is ours only: others may keep files there too.
remove_backups() {
	[ -d "$1" ] || return 0
	changed "remove the dumps in $1"
	[ "$dry" = no ] || return 0
	find "$1" -mindepth 1 -maxdepth 1 -name 'healthagent*' -exec rm -rf {} +
	if getent passwd "$name" >/dev/null; then find "$1" -mindepth 1 -maxdepth 1 -user "$name" -exec rm -rf {} +; fi
	rmdir "$1" 2>/dev/null || warn "$1 holds other files too and stays"
}

# end_sessions ends those of the service user: userdel refuses while one is open, or its manager runs, as it does for ten seconds after
# a su. What else runs as that user number may be of a container, and is left alone.
end_sessions() {
	[ "$dry" = no ] || return 0
	end_uid=$(id -u "$name")
	quiet systemctl stop "user@$end_uid.service" "user-$end_uid.slice" || warn "the sessions of the user $name could not be ended"
}

remove_users() {
	if remembers "user $name" && getent passwd "$name" >/dev/null; then
		end_sessions
		act "remove the user $name" userdel "$name"
	fi
	for remove_group in "$name" "$name-admin"; do
		if remembers "group $remove_group" && getent group "$remove_group" >/dev/null; then
			act "remove the group $remove_group" groupdel "$remove_group"
		fi
	done
	if [ "$dry" = no ]; then rm -rf "$lib"; fi
}

forget_log() {
	[ "$dry" = no ] || return 0
	logging=no
	rm -f "$log" "$lock"
}

show_version() {
	for version_of in "$binary" "$here/healthagent" "$link"; do
		if [ -n "$version_of" ] && [ -x "$version_of" ]; then
			exec "$version_of" version
		fi
	done
	echo "install.sh of healthagent, without a program beside it"
}

# ---------------------------------------------------------------- the order of it

install_all() {
	step "looking at the server"
	check_server
	step "the bot's token and the servers"
	inputs
	step "the program"
	find_binary
	check_config
	write_units
	prepare_upgrade
	step "packages"
	packages
	step "user and directories"
	users_and_places
	step "PostgreSQL"
	postgres
	step "Redis"
	redis
	step "settings"
	settings
	step "dump before a change"
	dump_before
	step "units"
	if [ "$upgrading" = yes ]; then journal switching; fi
	services
	step "start"
	place_release
	start_service
	step "doctor"
	examine
	commit_upgrade
	summary
}

# script_path is this script as it may be called again; one that came over a pipe has none.
script_path() {
	for script_try in "$here/${0##*/}" "$here/install.sh"; do
		if [ -f "$script_try" ] && head -n 2 "$script_try" | grep -q '^# Installs healthagent'; then
			shell_word "$script_try"
			return 0
		fi
	done
	echo install.sh
}

main() {
	constants
	unset CDPATH # cd would say where it went
	here=$(dirname -- "$0")
	here=$(cd -- "$here" && pwd)
	arguments "$@"
	case $mode in
	help) usage; exit 0 ;;
	version) show_version; exit 0 ;;
	esac
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	LC_ALL=C.UTF-8
	export PATH LC_ALL
	sudo='' script=$(script_path)
	if command -v sudo >/dev/null; then sudo='sudo '; fi # a minimal server has none, and its people are root
	unset LANGUAGE TMPDIR # the packages' own scripts trip over a blank in it
	unset CREDENTIALS_DIRECTORY
	# of another database: psql would follow any of them
	for main_pg in $(env | sed -n 's/^\(PG[A-Z_]*\)=.*/\1/p'); do unset "$main_pg"; done
	begin
	[ -z "${TELEGRAM_TOKEN_FILE:-}" ] || TELEGRAM_TOKEN_FILE=$(absolute "$TELEGRAM_TOKEN_FILE")
	cd /
	case $mode in
	install) install_all ;;
	uninstall) uninstall_all ;;
	purge) purge_all ;;
	esac
}

main "$@"
