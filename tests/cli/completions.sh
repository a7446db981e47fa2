#!/bin/bash
# What the completion scripts offer, asked from the shells themselves. One line a case:
#   expect SHELL "what stands on the command line" "what is offered, sorted"
# fish is left out by name where it is not installed; zsh's script is only parsed. Closes with "N passed, N failed".
set -u

cd "$(dirname "$0")/../.." || exit 2
passed=0
failed=0
skipped=0

offered_by_bash() {
	bash -c '
		. completions/berth.bash
		line=$1
		read -r -a COMP_WORDS <<<"${line//=/ = }"
		[[ $line == *" " ]] && COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		compopt() { :; }
		_berth
		printf "%s\n" "${COMPREPLY[@]}"' bash "$1"
}

offered_by_fish() {
	# shellcheck disable=SC2016 # fish expands it
	fish --no-config -c 'source completions/berth.fish; complete -C $argv[1]' "$1" | cut -f1 |
		sed 's/^--[a-z]*=//'
}

expect() {
	local got

	got=$("offered_by_$1" "$2" | grep . | sort -u | paste -sd' ' -)
	if [[ $got == "$3" ]]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAILED %s: "%s" offers "%s", expected "%s"\n' "$1" "$2" "$got" "$3"
	fi
}

# Claims are asked from the program: here from one that answers this.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/berth" <<'END'
#!/bin/sh
[ "$1 $2" = 'claims --csv' ] && printf '%s\n' name,ports web,80 shop-2,443 'e;$(date),1' web,8080
END
chmod +x "$scratch/berth"
PATH=$scratch:$PATH

# What the program itself says it can do.
verbs=$(sed -n 's/^VERB([A-Z]*, "\([a-z][a-z]*\)".*/\1/p' src/cli/verbs.def | sort | paste -sd' ' -)
for shell in bash fish; do
	if ! command -v "$shell" >/dev/null; then
		echo "left out: completions of $shell, because it is not installed"
		skipped=$((skipped + 1))
		continue
	fi
	expect $shell 'berth ' "$verbs"
	expect $shell 'berth he' 'help here'
	expect $shell 'berth --color ' 'always auto never'
	expect $shell 'berth --color=al' 'always'
	expect $shell 'berth here --netns ' 'all here'
	expect $shell 'berth here --netns=a' 'all'
	expect $shell 'berth here --verdict c' 'conflict customary'
	expect $shell 'berth here --exp' '--exposed'
	expect $shell 'berth find --exp' ''
	expect $shell 'berth --netns all here --exp' '--exposed'
	expect $shell 'berth --registry here find --exp' ''
	expect $shell 'berth export ' 'csv json jsonl services'
	expect $shell 'berth help ra' 'ranges'
	expect $shell 'berth report LIC' 'LICENSE'
	expect $shell 'berth --replay tests/worlds/quiet.w' 'tests/worlds/quiet.world'
	expect $shell 'berth here --program ' ''
	expect $shell 'berth unclaim ' 'shop-2 web'
	expect $shell 'berth unclaim w' 'web'
	expect $shell 'berth claims --l' '--ledger --log'
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
