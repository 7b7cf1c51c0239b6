#!/usr/bin/env bash
# Provides what the demonstration and the tests need beside Go: the programs of
# PostgreSQL and Redis and, for the race detector, a C compiler.
#
#   test/setup.sh demo|test|majors|server|check
#
# For test/majors.sh it is npm instead, for the tests on booted servers what
# boots them, and for the checks shellcheck.
#
# As root on Debian or Ubuntu it installs what is missing; otherwise it says
# what to install and exits with 1. It starts no service, creates no database
# cluster, and does nothing at all when nothing is missing.
set -euo pipefail

purpose=${1:-test}

say() { printf '%s\n' "$*" >&2; }

have_postgres() {
	local dir
	for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin; do
		if [[ -x $dir/postgres && -x $dir/initdb ]]; then
			return 0
		fi
	done
	command -v postgres >/dev/null && command -v initdb >/dev/null
}

have_redis() {
	local name
	for name in redis-server valkey-server; do
		if command -v "$name" >/dev/null || [[ -x /usr/bin/$name || -x /usr/sbin/$name ]]; then
			return 0
		fi
	done
	return 1
}

have_compiler() {
	local cc=${CC:-gcc}
	command -v "${cc%% *}" >/dev/null && [[ -e /usr/include/stdlib.h ]]
}

# need PROGRAM PACKAGE asks for the package when the program is not there.
need() { command -v "$1" >/dev/null || missing+=("$2"); }

missing=()
case $purpose in
majors) need npm npm ;;
check) need shellcheck shellcheck ;;
server)
	need systemd-nspawn systemd-container
	need mmdebstrap mmdebstrap
	need slirp4netns slirp4netns
	need nsenter util-linux
	;;
*)
	have_postgres || missing+=(postgresql)
	have_redis || missing+=(redis-server)
	;;
esac
if [[ $purpose == test ]] && ! have_compiler; then
	missing+=(gcc libc6-dev)
fi
if [[ ${#missing[@]} -eq 0 ]]; then
	exit 0
fi

if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
	say "These are missing: ${missing[*]} (their names in Debian and Ubuntu)."
	say "Debian, Ubuntu:  sudo apt-get install --no-install-recommends ${missing[*]}"
	case $purpose in
	majors)
		say "Fedora:          sudo dnf install nodejs-npm"
		say "Arch:            sudo pacman -S npm"
		exit 1
		;;
	server | check) exit 1 ;;
	esac
	say "Fedora:          sudo dnf install postgresql-server postgresql-contrib valkey gcc glibc-devel"
	say "Arch:            sudo pacman -S postgresql valkey gcc"
	say "Only the programs are needed; no service has to run."
	exit 1
fi

# While packages are configured, this policy forbids them to start services,
# and this setting forbids PostgreSQL to create a cluster. Both go away again.
policy=/usr/sbin/policy-rc.d
saved=$policy.before-healthagent
nocluster=/etc/postgresql-common/createcluster.d/healthagent-setup.conf
madedir=

restore() {
	rm -f "$policy" "$nocluster"
	if [[ -e $saved ]]; then
		mv "$saved" "$policy"
	fi
	if [[ -n $madedir ]]; then
		rmdir "${nocluster%/*}" 2>/dev/null || true
	fi
}
trap restore EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# What a killed run left behind is told from the original by its mark.
mark='# healthagent setup'
if [[ -e $policy ]] && ! grep -qxF "$mark" "$policy"; then
	mv "$policy" "$saved"
fi
printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
chmod 755 "$policy"
if [[ ! -d ${nocluster%/*} ]]; then
	mkdir -p "${nocluster%/*}"
	madedir=yes
fi
echo 'create_main_cluster = false' >"$nocluster"

# apt waits for dpkg's lock by itself, for the lock of its lists only we do.
run_apt() {
	local attempt log quiet=${quiet:-}
	log=$(mktemp)
	for attempt in {1..60}; do
		if LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 \
			-o Dpkg::Options::=--force-confold "$@" </dev/null >"$log" 2>&1; then
			rm -f "$log"
			return 0
		fi
		if ! grep -q 'Could not get lock\|is held by process' "$log"; then
			break
		fi
		say "waiting for another package manager ($attempt)"
		sleep 5
	done
	if [[ $quiet != yes ]]; then
		tail -n 15 "$log" >&2
	fi
	rm -f "$log"
	return 1
}

fetch() { run_apt install -y --no-install-recommends "${missing[@]}"; }

say "installing ${missing[*]}; nothing will be started"
if ! quiet=yes fetch; then # with the lists that are there
	say "refreshing the package lists"
	run_apt update
	fetch
fi

# A freshly installed Redis is set to start with the machine. Ours is started
# when it is needed, so undo that; what was there before is left alone.
if [[ " ${missing[*]} " == *' redis-server '* ]]; then
	DPKG_MAINTSCRIPT_PACKAGE=redis-server deb-systemd-helper disable redis-server.service >/dev/null 2>&1 || true
	if command -v systemctl >/dev/null; then
		systemctl disable redis-server.service >/dev/null 2>&1 || true
	fi
fi
