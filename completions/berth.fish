# fish completion for berth(1).
# Made by tools/mkdocs from src/cli/verbs.def and options.def: `make docs`.

function __berth_verb_is
    set -l verb answer
    set -l is_value no
    for word in (commandline -opc)[2..-1]
        if test $is_value = yes
            set is_value no
        else if contains -- $word --color --width --netns --owners --program --user --container --unit --verdict --from --cacert --grace --address --uid --device --timeout --http --until --by --on --for --max --registry --owner --scope --reason --to --fail-on --format --ledger --replay --internet -i
            set is_value yes
        else if contains -- $word here why find ranges export update wait listen report evict claim unclaim claims check help version
            set verb $word
            break
        end
    end
    contains -- $verb $argv
end

complete -c berth -f
complete -c berth -n '__berth_verb_is answer' -a here -d 'every listener on this machine beside its claim'
complete -c berth -n '__berth_verb_is answer' -a why -d 'would bind(2) succeed? the one cause if not, and the smallest way out'
complete -c berth -n '__berth_verb_is answer' -a find -d 'search names, descriptions, people, references, known uses'
complete -c berth -n '__berth_verb_is answer' -a ranges -d 'the three ranges and the kernel\'s own, with counts'
complete -c berth -n '__berth_verb_is answer' -a export -d 'the whole registry in another format'
complete -c berth -n '__berth_verb_is answer' -a update -d 'the newest registry from IANA, and what changed'
complete -c berth -n '__berth_verb_is answer' -a wait -d 'until it listens, accepts, answers or is free again; then run CMD'
complete -c berth -n '__berth_verb_is answer' -a listen -d 'a quiet listener that records who knocks'
complete -c berth -n '__berth_verb_is answer' -a report -d 'a scrubbed recording of this machine\'s sockets, for a bug report'
complete -c berth -n '__berth_verb_is answer' -a evict -d 'end what holds a port, safely; proves that it can be bound again'
complete -c berth -n '__berth_verb_is answer' -a claim -d 'claim ports for a name, in ports.claims or the ledger'
complete -c berth -n '__berth_verb_is answer' -a unclaim -d 'give claims of the ledger up'
complete -c berth -n '__berth_verb_is answer' -a claims -d 'every claim of your own, and who made it'
complete -c berth -n '__berth_verb_is answer' -a check -d 'do claims agree with each other, the world, your manifests? for CI'
complete -c berth -n '__berth_verb_is answer' -a help -d 'what berth and its verbs take'
complete -c berth -n '__berth_verb_is answer' -a version -d 'the version, and how old the built-in registry is'
complete -c berth -n '__berth_verb_is export' -x -a 'services json jsonl csv'
complete -c berth -n '__berth_verb_is report' -r -F
complete -c berth -n '__berth_verb_is unclaim' -x -a '(berth claims --csv 2>/dev/null | sed -n "2,\$s/^\([A-Za-z0-9-]*\),.*/\1/p")'
complete -c berth -n '__berth_verb_is check' -r -F
complete -c berth -n '__berth_verb_is help' -x -a 'here why find ranges export update wait listen report evict claim unclaim claims check help version'
complete -c berth -n '__berth_verb_is answer here why find ranges export update wait listen evict claim unclaim claims check' -l json -d 'one JSON document'
complete -c berth -n '__berth_verb_is answer here why find ranges export update wait listen evict claim unclaim claims check' -l jsonl -d 'one JSON record a line'
complete -c berth -n '__berth_verb_is answer here find export claims' -l csv -d 'comma-separated values'
complete -c berth -n '__berth_verb_is answer here why find ranges export update wait listen report evict claim unclaim claims check help version' -l color -x -a 'auto always never' -d 'colour on a terminal (NO_COLOR is respected)'
complete -c berth -n '__berth_verb_is answer here why find ranges export update wait listen report evict claim unclaim claims check help version' -l width -x -d 'lay text out for that many columns; 0 = do not wrap'
complete -c berth -n '__berth_verb_is answer here why find ranges export update wait listen report evict claim unclaim claims check help version' -l quiet -s q -d 'print nothing: exit 0 a listener is there, 1 none, 3 could not look'
complete -c berth -n '__berth_verb_is answer here why find ranges export update wait listen report evict claim unclaim claims check help version' -l verbose -s v -d 'more detail'
complete -c berth -n '__berth_verb_is answer here why find ranges export update wait listen report evict claim unclaim claims check help version' -l strict -d 'exit 3 when something could not be seen'
complete -c berth -n '__berth_verb_is answer here why ranges listen report' -l tcp -s t -d 'only TCP and MPTCP'
complete -c berth -n '__berth_verb_is answer here why ranges listen report' -l udp -s u -d 'only UDP and UDP-Lite'
complete -c berth -n '__berth_verb_is answer here why ranges wait listen report' -l ipv4 -s 4 -d 'only IPv4'
complete -c berth -n '__berth_verb_is answer here why ranges wait listen report' -l ipv6 -s 6 -d 'only IPv6'
complete -c berth -n '__berth_verb_is answer here why ranges report evict' -l netns -x -a 'here all' -d 'which network namespaces'
complete -c berth -n '__berth_verb_is answer here why ranges report' -l owners -x -a 'cgroup all' -d 'how far to search for owners; all = every process'
complete -c berth -n '__berth_verb_is answer' -l peers -d 'list all far ends of connections, with their owners'
complete -c berth -n '__berth_verb_is answer here why ranges report' -l all -s a -d 'also what holds ports without listening; possible UDP clients'
complete -c berth -n '__berth_verb_is answer here' -l exposed -d 'only what can be reached from outside this machine'
complete -c berth -n '__berth_verb_is answer here claim' -l program -x -d 'only listeners of that program; claim: the one that is to listen'
complete -c berth -n '__berth_verb_is answer here' -l user -x -d 'only listeners of that user'
complete -c berth -n '__berth_verb_is answer here' -l container -x -d 'only listeners of that container'
complete -c berth -n '__berth_verb_is answer here' -l unit -x -d 'only listeners of that systemd unit'
complete -c berth -n '__berth_verb_is answer here' -l verdict -x -a 'vacant dark as-claimed customary unclaimed occupied conflict unknown' -d 'only listeners with that verdict'
complete -c berth -n '__berth_verb_is update' -l from -x -d 'IANA\'s table as CSV or XML, instead of asking IANA'
complete -c berth -n '__berth_verb_is update evict' -l force -d 'update: take a table that is older, or much smaller, too; evict: SIGKILL what outlives --grace'
complete -c berth -n '__berth_verb_is update' -l cacert -r -F -d 'trust these certificates (also CURL_CA_BUNDLE)'
complete -c berth -n '__berth_verb_is evict' -l yes -s y -d 'do it without a question'
complete -c berth -n '__berth_verb_is evict' -l dry-run -d 'only show what would be done'
complete -c berth -n '__berth_verb_is evict' -l grace -x -d 'how long to wait after SIGTERM (5s)'
complete -c berth -n '__berth_verb_is evict' -l stop -d 'stop systemd units and containers, where there are, instead of single processes'
complete -c berth -n '__berth_verb_is evict' -l time-wait -d 'also remove closed connections in TIME_WAIT (root)'
complete -c berth -n '__berth_verb_is why claim' -l address -x -d 'bind to, or claim, this address only; why: 0.0.0.0, or with -6 [::]'
complete -c berth -n '__berth_verb_is why' -l reuseaddr -d 'the server sets SO_REUSEADDR'
complete -c berth -n '__berth_verb_is why' -l reuseport -d 'the server sets SO_REUSEPORT'
complete -c berth -n '__berth_verb_is why' -l v6only -d 'the server sets IPV6_V6ONLY'
complete -c berth -n '__berth_verb_is why' -l uid -x -d 'the server runs as this user, without capabilities'
complete -c berth -n '__berth_verb_is why' -l device -x -d 'the server binds to this device (SO_BINDTODEVICE)'
complete -c berth -n '__berth_verb_is why' -l no-trial -d 'judge only; bind nothing even for an instant'
complete -c berth -n '__berth_verb_is wait' -l timeout -x -d 'give up after that time; 30s unless given, 0 = never'
complete -c berth -n '__berth_verb_is wait' -l any -d 'one of the ports is enough'
complete -c berth -n '__berth_verb_is wait' -l accepting -d 'until a process accepts connections, not only the kernel'
complete -c berth -n '__berth_verb_is wait' -l http -x -d 'until a GET of PATH is answered with STATUS, or any of 200 to 299'
complete -c berth -n '__berth_verb_is wait claim' -l until -x -a 'free unlistened' -d 'until it can be bound again, or only nobody listens; claim: its last day, YYYY-MM-DD or from now 90d'
complete -c berth -n '__berth_verb_is wait' -l by -x -d 'only a listener of that program counts'
complete -c berth -n '__berth_verb_is listen' -l on -x -d 'the address to listen on, instead of loopback'
complete -c berth -n '__berth_verb_is listen' -l for -x -d 'end after that time'
complete -c berth -n '__berth_verb_is listen' -l max -x -d 'end after N knocks'
complete -c berth -n '__berth_verb_is answer here why find ranges export update wait listen report evict claim unclaim claims check help version' -l registry -r -F -d 'the registry image to read, or built-in; update writes it (also BERTH_REGISTRY)'
complete -c berth -n '__berth_verb_is claim' -l owner -x -d 'who answers for the claim, instead of you'
complete -c berth -n '__berth_verb_is claim' -l scope -x -d 'for whom it holds: a host, a team, a site'
complete -c berth -n '__berth_verb_is claim' -l reason -x -d 'what it is for, in words'
complete -c berth -n '__berth_verb_is claims' -l log -d 'the ledger\'s audit trail: who did what, and when'
complete -c berth -n '__berth_verb_is claim' -l to -x -a 'file ledger' -d 'where to: the ports.claims above you, or the ledger'
complete -c berth -n '__berth_verb_is claims' -l fmt -d 'the claims file in its canonical form'
complete -c berth -n '__berth_verb_is claims' -l write -s w -d 'with --fmt: write it back instead'
complete -c berth -n '__berth_verb_is claims' -l sysctl -d 'the line of ip_local_reserved_ports that protects claims'
complete -c berth -n '__berth_verb_is check' -l live -d 'also against this machine: dark claims, conflicts, unclaimed listeners'
complete -c berth -n '__berth_verb_is check' -l fail-on -x -a 'error warning note' -d 'exit 1 from this severity on; error unless given'
complete -c berth -n '__berth_verb_is check' -l format -x -a 'text sarif github' -d 'SARIF 2.1.0, or GitHub\'s annotations'
complete -c berth -n '__berth_verb_is answer here why find ranges export update wait listen report evict claim unclaim claims check help version' -l ledger -r -F -d 'the ledger to read and write, instead of yours and the system\'s'
complete -c berth -n '__berth_verb_is answer here why ranges report evict' -l replay -r -F -d 'answer from a recording of `berth report`, not this machine'
complete -c berth -n '__berth_verb_is answer here' -l internet -s i -x -d 'as lsof\'s -i :PORT'
complete -c berth -n '__berth_verb_is answer here why find ranges export update wait listen report evict claim unclaim claims check help version' -l help -s h -d 'what a verb takes'
complete -c berth -n '__berth_verb_is answer here why find ranges export update wait listen report evict claim unclaim claims check help version' -l version -s V -d 'the version'
