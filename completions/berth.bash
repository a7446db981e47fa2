# bash completion for berth(1).
# Made by tools/mkdocs from src/cli/verbs.def and options.def: `make docs`.

_berth()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local verb='' options='' words='' files='' i

	COMPREPLY=()
	# Readline cuts --color=always into three words.
	if [[ $cur == = ]]; then
		cur=''
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $prev in
	--color)
		mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
		return ;;
	--netns)
		mapfile -t COMPREPLY < <(compgen -W 'here all' -- "$cur")
		return ;;
	--owners)
		mapfile -t COMPREPLY < <(compgen -W 'cgroup all' -- "$cur")
		return ;;
	--verdict)
		mapfile -t COMPREPLY < <(compgen -W 'vacant dark as-claimed customary unclaimed occupied conflict unknown' -- "$cur")
		return ;;
	--cacert)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--until)
		mapfile -t COMPREPLY < <(compgen -W 'free unlistened' -- "$cur")
		return ;;
	--registry)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--stable-for)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--to)
		mapfile -t COMPREPLY < <(compgen -W 'file ledger' -- "$cur")
		return ;;
	--fail-on)
		mapfile -t COMPREPLY < <(compgen -W 'error warning note' -- "$cur")
		return ;;
	--format)
		mapfile -t COMPREPLY < <(compgen -W 'text sarif github' -- "$cur")
		return ;;
	--env)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--hold)
		mapfile -t COMPREPLY < <(compgen -W 'reuse none fd' -- "$cur")
		return ;;
	--ledger)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--map)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--replay)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--width|--program|--user|--container|--unit|--from|--grace|--address|--uid|--device|--timeout|--http|--by|--on|--for|--max|--owner|--scope|--reason|--block|--count|--range|--listen|--host|--limit|--lang|--url|--internet|-i)
		return ;;
	esac
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--color|--width|--netns|--owners|--program|--user|--container|--unit|--verdict|--from|--cacert|--grace|--address|--uid|--device|--timeout|--http|--until|--by|--on|--for|--max|--registry|--owner|--scope|--reason|--block|--count|--range|--stable-for|--to|--fail-on|--format|--env|--hold|--listen|--host|--limit|--ledger|--map|--lang|--url|--replay|--internet|-i) [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++)); ((i++)) ;;
		-*) ;;
		here|why|evict|wait|listen|find|ranges|claim|claims|unclaim|check|suggest|lease|leases|portserver|serve|atlas|export|update|report|help|version)
			verb=${COMP_WORDS[i]}
			break ;;
		*)
			break ;;
		esac
	done
	case $verb in
	'')
		options='--json --jsonl --csv --color --width --quiet --verbose --strict --tcp --udp --ipv4 --ipv6 --netns --owners --peers --all --exposed --program --user --container --unit --verdict --registry --ledger --replay --internet --help --version'
		;;
	'here')
		options='--json --jsonl --csv --color --width --quiet --verbose --strict --tcp --udp --ipv4 --ipv6 --netns --owners --all --exposed --program --user --container --unit --verdict --registry --ledger --replay --internet --help --version'
		;;
	'why')
		options='--json --jsonl --color --width --quiet --verbose --strict --tcp --udp --ipv4 --ipv6 --netns --owners --all --address --reuseaddr --reuseport --v6only --uid --device --no-trial --registry --ledger --replay --help --version'
		;;
	'evict')
		options='--json --jsonl --color --width --quiet --verbose --strict --netns --force --yes --dry-run --grace --stop --time-wait --registry --ledger --replay --help --version'
		;;
	'wait')
		options='--json --jsonl --color --width --quiet --verbose --strict --ipv4 --ipv6 --timeout --any --accepting --http --until --by --registry --ledger --help --version'
		;;
	'listen')
		options='--json --jsonl --color --width --quiet --verbose --strict --tcp --udp --ipv4 --ipv6 --on --for --max --registry --ledger --help --version'
		;;
	'find')
		options='--json --jsonl --csv --color --width --quiet --verbose --strict --registry --ledger --help --version'
		;;
	'ranges')
		options='--json --jsonl --color --width --quiet --verbose --strict --tcp --udp --ipv4 --ipv6 --netns --owners --all --registry --ledger --replay --help --version'
		;;
	'claim')
		options='--json --jsonl --color --width --quiet --verbose --strict --program --address --until --registry --owner --scope --reason --to --ledger --help --version'
		;;
	'claims')
		options='--json --jsonl --csv --color --width --quiet --verbose --strict --registry --log --fmt --write --sysctl --ledger --help --version'
		;;
	'unclaim')
		options='--json --jsonl --color --width --quiet --verbose --strict --registry --ledger --help --version'
		words=$("${COMP_WORDS[0]}" claims --csv 2>/dev/null | sed -n "2,\$s/^\([A-Za-z0-9-]*\),.*/\1/p")
		;;
	'check')
		options='--json --jsonl --color --width --quiet --verbose --strict --registry --live --fail-on --format --ledger --help --version'
		files=yes
		;;
	'suggest')
		options='--json --jsonl --color --width --quiet --verbose --strict --tcp --udp --registry --block --count --browser --range --stable-for --explain --claim --ledger --replay --help --version'
		;;
	'lease')
		options=' --color --width --quiet --verbose --strict --on --registry --env --hold --ledger --help --version'
		;;
	'leases')
		options='--json --jsonl --color --width --quiet --verbose --strict --registry --ledger --help --version'
		;;
	'portserver')
		options=' --color --width --quiet --verbose --strict --registry --ledger --help --version'
		;;
	'serve')
		options=' --color --width --quiet --verbose --strict --netns --owners --registry --listen --host --limit --ledger --replay --help --version'
		;;
	'atlas')
		options='--json --jsonl --color --width --quiet --verbose --strict --registry --range --ledger --map --no-live --lang --url --replay --help --version'
		;;
	'export')
		options='--json --jsonl --csv --color --width --quiet --verbose --strict --registry --ledger --help --version'
		words='services json jsonl csv'
		;;
	'update')
		options='--json --jsonl --color --width --quiet --verbose --strict --from --force --cacert --registry --ledger --help --version'
		;;
	'report')
		options=' --color --width --quiet --verbose --strict --tcp --udp --ipv4 --ipv6 --netns --owners --all --registry --ledger --replay --help --version'
		files=yes
		;;
	'help')
		options=' --color --width --quiet --verbose --strict --registry --ledger --help --version'
		words='here why evict wait listen find ranges claim claims unclaim check suggest lease leases portserver serve atlas export update report help version'
		;;
	'version')
		options=' --color --width --quiet --verbose --strict --registry --ledger --help --version'
		;;
	esac
	if [[ $cur == -* ]]; then
		words=$options
	elif [[ -z $verb && $i -eq $COMP_CWORD ]]; then
		words='here why evict wait listen find ranges claim claims unclaim check suggest lease leases portserver serve atlas export update report help version'
	elif [[ -n $files ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _berth berth
