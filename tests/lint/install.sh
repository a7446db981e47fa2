#!/bin/bash
# The installed tree works: everything is there, berth answers from it without its build folder or an
# environment, and uninstalling leaves nothing. Uses a build folder of its own, made here, so that the
# prefix of another is not changed. Closes with "N passed, N failed".
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0
failed=0

check() {
	local name=$1
	shift
	if "$@" >"$scratch/log" 2>&1; then
		printf 'ok      %s\n' "$name"
		passed=$((passed + 1))
	else
		printf 'FAILED  %s\n' "$name"
		sed 's/^/        /' "$scratch/log" | tail -n 30
		failed=$((failed + 1))
	fi
}

# As a stranger would: no environment, another directory, the build folder out of reach.
berth() {
	(cd / && env -i "$tree/usr/bin/berth" "$@")
}

answers() {
	berth 3476 | grep -q 'nppmp' && berth 443 --json | grep -q '"schema": *"berth.answer/1"'
}

# The catalog is found beside the program, wherever that lies, and only where the language asks for it.
speaks() {
	(cd / && env -i LANG=de_DE.UTF-8 "$1/bin/berth" help) | grep -q 'Listener' &&
		(cd / && env -i LANG=de_DE.UTF-8 LC_ALL=C "$1/bin/berth" help) | cmp - <(env -i "$1/bin/berth" help)
}

is_whole() {
	local file
	for file in usr/bin/berth usr/share/doc/berth/LICENSE usr/share/man/man1/berth.1 \
		usr/share/man/man5/ports.claims.5 usr/share/doc/berth/claims.md usr/share/doc/berth/recipes.md \
		usr/share/bash-completion/completions/berth usr/share/zsh/site-functions/_berth \
		usr/share/fish/vendor_completions.d/berth.fish usr/share/berth/schema/answer.json \
		usr/share/locale/de/LC_MESSAGES/berth.mo; do
		[ -s "$tree/$file" ] || { echo "$file is not there"; return 1; }
	done
	[ "$(find "$tree/usr/share/berth/schema" -name '*.json' | wc -l)" -eq "$(find "$root/data/schema" -name '*.json' | wc -l)" ]
}

# Only what belongs there, readable by everybody, writable by nobody else.
has_right_modes() {
	[ -z "$(find "$tree" -type f \( -perm /022 -o ! -perm -444 \))" ] &&
		[ -z "$(find "$tree" -type f -perm /111 ! -path '*/bin/berth' ! -path '*/libexec/berth/*')" ] &&
		[ -z "$(find "$tree" -type f -size 0)" ]
}

shows_manual() {
	grep -q 'who claimed a port' "$tree/usr/share/man/man1/berth.1" || return 1
	! command -v man >/dev/null || MANPATH=$tree/usr/share/man man -P cat berth | grep -q 'who claimed'
}

holds_no_path() {
	! grep -rlF -e "$root" -e "$scratch" "$tree"
}

# Only libc and libmnl are needed to start it.
links_little() {
	local needed
	needed=$(readelf -d "$tree/usr/bin/berth" | sed -n 's/.*Shared library: \[\(.*\)\]/\1/p' | sort | tr '\n' ' ')
	echo "$needed"
	[ "$needed" = 'libc.so.6 libmnl.so.0 ' ]
}

# A claim is made by the helper in libexec and read without it.
claims() {
	[ -x "$tree/usr/libexec/berth/berth-ledger" ] || { echo 'built without SQLite'; return 0; }
	berth claim installed 3476 --ledger "$scratch/claims.db" &&
		berth 3476 --ledger "$scratch/claims.db" | grep -q 'installed'
}

# Claims files are read by berth alone, manifests by the helper in libexec.
checks() {
	[ -x "$tree/usr/libexec/berth/berth-manifests" ] || { echo 'built without libyaml'; return 0; }
	mkdir -p "$scratch/repo"
	echo 'shop 14501/tcp' >"$scratch/repo/ports.claims"
	echo 'services: {shop: {ports: ["14501:80"]}}' >"$scratch/repo/compose.yaml"
	berth check "$scratch/repo/ports.claims" "$scratch/repo/compose.yaml"
}

tree=$scratch/tree
build=$scratch/build
check build sh -c "meson setup '$build' '$root' -Dtests=false --prefix=/usr && ninja -C '$build'"
check install "$root/tools/install-tree" "$build" "$tree" /usr
mv "$build" "$build-away"
check files is_whole
check modes has_right_modes
check answers answers
check manual shows_manual
check speaks speaks "$tree/usr"
check no-machine-paths holds_no_path
check libraries links_little
check claims claims
check manifests checks
mv "$build-away" "$build"
check uninstall "$root/tools/install-tree" --remove "$build" "$tree" /usr
check nothing-left sh -c "! find '$tree' -mindepth 1 | grep ."
check install-elsewhere "$root/tools/install-tree" "$build" "$tree" /opt/port
check elsewhere env -i "$tree/opt/port/bin/berth" version
check speaks-elsewhere speaks "$tree/opt/port"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
