extension BashCompletion {
    /// Completes `ovs-appctl`: daemons that run, their commands, and the bridges and ports that
    /// those speak of.
    static let ovsAppctl = words("ovs_appctl") + appctlCompletion

    private static let appctlCompletion = #"""
        # Asks the daemon that the line names.
        _ovs_appctl_ask() { "$program" --timeout=2 "${target[@]}" "$@" 2>/dev/null; }

        # Daemons by their pid files, and control sockets.
        _ovs_appctl_targets() {
            local directory=${OVS_RUNDIR:-/var/run/openvswitch} file
            for file in "$directory"/*.pid; do
                [[ -e $file ]] || continue
                file=${file##*/}
                printf '%s\n' "${file%.pid}"
            done
            for file in "$directory"/*.ctl; do [[ -e $file ]] && printf '%s\n' "$file"; done
        }

        # The commands that the daemon lists, each with its arguments behind it.
        _ovs_appctl_syntax() { _ovs_appctl_ask list-commands | sed -n '2,$s/^  *//p'; }

        _ovs_appctl_database() {
            local directory=${program%/*}
            [[ $program == */* ]] && directory+=/ || directory=
            "${directory}ovs-vsctl" --timeout=2 "$@" 2>/dev/null
        }

        # Offers what may stand for one argument as the daemon's list of commands calls it.
        _ovs_appctl_argument() {
            local names=${1//[\[\]\{\}]/}
            case $names in
                *bridge* | br | *switch*)
                    _ovs_appctl_offer "$(_ovs_appctl_database list-br)" ' ' ;;
                *port* | *interface* | *iface* | *netdev*)
                    _ovs_appctl_offer "$(_ovs_appctl_database --bare --columns=name \
                        list Interface | sed '/^$/d')" ' '
                    ;;
                dp | *datapath*) _ovs_appctl_offer "$(_ovs_appctl_ask dpctl/dump-dps)" ' ' ;;
                spec | SPEC)
                    _ovs_appctl_offer "$(_ovs_appctl_ask vlog/list |
                        sed -n '3,$s/^\([^ ]*\) .*/\1/p')" ' '
                    ;;
                *"|"*) _ovs_appctl_offer "${names//|/$'\n'}" ' ' ;;
                on/off | up/down) _ovs_appctl_offer "${names/\//$'\n'}" ' ' ;;
            esac
        }

        # The argument behind COUNT others in a command's usage.
        _ovs_appctl_next() {
            local -a tokens
            read -ra tokens <<<"$2"
            local token=${tokens[$1]-}
            # What may be repeated ends in dots.
            [[ -n $token || $1 -eq 0 ]] || token=${tokens[${#tokens[@]} - 1]-}
            [[ -n ${tokens[$1]-} || $token == *...* ]] && printf '%s\n' "$token"
        }

        # Reads the line up to the word to complete.
        _ovs_appctl_read() {
            local i word
            for ((i = 1; i < ${#words[@]} - 1; i++)); do
                word=${words[i]}
                if [[ -n $command ]]; then
                    count=$((count + 1))
                elif [[ $word == -[tT] || $word == --target || $word == --timeout ]]; then
                    i=$((i + 1))
                    if ((i == ${#words[@]} - 1)); then
                        expected=$word
                    elif [[ $word == -t || $word == --target ]]; then
                        target=("--target=${words[i]}")
                    fi
                elif [[ $word == --target=* ]]; then
                    target=("$word")
                elif [[ $word == -t* ]]; then
                    target=("--target=${word#-t}")
                elif [[ $word != -* ]]; then
                    command=$word
                fi
            done
        }

        _ovs_appctl_options() {
            _ovs_appctl_offer $'--target=\n--timeout=' ''
            _ovs_appctl_offer $'--help\n--version\n-t' ' '
        }

        _ovs_appctl() {
            local program=$1 cur command= expected= count=0 usage found
            local -a words target=()
            COMPREPLY=()
            _ovs_appctl_words
            cur=${words[${#words[@]} - 1]}
            _ovs_appctl_read
            if [[ $expected == -t || $expected == --target ]]; then
                _ovs_appctl_offer "$(_ovs_appctl_targets)" ' '
            elif [[ -n $expected ]]; then
                return
            elif [[ -z $command && $cur == --target=* ]]; then
                _ovs_appctl_offer "$(_ovs_appctl_targets | sed 's/^/--target=/')" ' '
            elif [[ -z $command && $cur == -* ]]; then
                _ovs_appctl_options
            elif [[ -z $command ]]; then
                _ovs_appctl_offer "$(_ovs_appctl_syntax | sed 's/ .*//')" ' '
            else
                while read -r found usage; do
                    [[ $found == "$command" ]] || continue
                    _ovs_appctl_argument "$(_ovs_appctl_next "$count" "$usage")"
                done <<<"$(_ovs_appctl_syntax)"
            fi
        }

        complete -o nospace -F _ovs_appctl ovs-appctl

        """#
}
