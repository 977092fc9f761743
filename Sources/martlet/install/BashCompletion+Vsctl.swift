extension BashCompletion {
    /// Completes `ovs-vsctl`: options, commands, and what the database holds.
    ///
    /// The syntax comes from `ovs-vsctl --commands`, so that it is written down once; names of
    /// bridges, ports and records come from the database that the line's own options name.
    static let ovsVsctl = words("ovs_vsctl") + queries + arguments + completion

    private static let queries = #"""
        # Asks the program that is being completed, and waits for no server.
        _ovs_vsctl_ask() {
            "$program" --timeout=2 --no-wait "${connection[@]}" "$@" 2>/dev/null
        }

        # The values of one column: TABLE COLUMN.
        _ovs_vsctl_column() {
            _ovs_vsctl_ask --bare --columns="$2" list "$1" | sed '/^$/d'
        }

        # The names of the tables, which the help lists.
        _ovs_vsctl_tables() {
            "$program" --help 2>/dev/null | sed -n 's/^  \([A-Za-z0-9_]*\):$/\1/p'
        }

        # The names of records: TABLE. The UUIDs serve where records have no names.
        _ovs_vsctl_records() {
            local names
            case ${1,,} in
                open_vswitch | open-vswitch | o* | ssl) printf '.\n' ;;
                man*) _ovs_vsctl_column "$1" target ;;
                *)
                    names=$(_ovs_vsctl_column "$1" name)
                    [[ -n $names ]] || names=$(_ovs_vsctl_column "$1" _uuid)
                    printf '%s\n' "$names"
                    ;;
            esac
        }

        # The names of a table's columns, which are the headings of a list: TABLE.
        _ovs_vsctl_columns() {
            local line
            line=$(_ovs_vsctl_ask --format=csv list "$1" | head -n 1)
            printf '%s\n' "${line//,/$'\n'}"
        }

        # The keys of a column that is a map: TABLE RECORD COLUMN.
        _ovs_vsctl_keys() {
            local record=$2
            _ovs_vsctl_ask --if-exists get "$1" "$record" "$3" |
                grep -o '[{ ][^ ,{}="]*=\|[{ ]"[^"]*"=' | sed 's/^[{ ]//; s/=$//'
        }

        _ovs_vsctl_devices() { (cd /sys/class/net 2>/dev/null && printf '%s\n' *); }

        """#

    private static let arguments = #"""
        # Offers what may stand for one kind of argument, such as BRIDGE; the arguments in front of
        # it are in "given".
        _ovs_vsctl_argument() {
            local table=${given[0]} record=${given[1]} column
            case $1 in
                BRIDGE) _ovs_vsctl_offer "$(_ovs_vsctl_ask list-br)" ' ' ;;
                PARENT) _ovs_vsctl_offer "$(_ovs_vsctl_ask -- --real list-br)" ' ' ;;
                PORT | BOND)
                    if [[ $command != add-bond && ${#given[@]} -gt 0 ]]; then
                        _ovs_vsctl_offer "$(_ovs_vsctl_ask list-ports "${given[0]}")" ' '
                    elif [[ $command != add-bond ]]; then
                        _ovs_vsctl_offer "$(_ovs_vsctl_column Port name)" ' '
                    fi
                    ;;
                IFACE)
                    if [[ $command == add-* ]]; then
                        _ovs_vsctl_offer "$(_ovs_vsctl_devices)" ' '
                    else
                        _ovs_vsctl_offer "$(_ovs_vsctl_column Interface name)" ' '
                    fi
                    ;;
                NEW-PORT) _ovs_vsctl_offer "$(_ovs_vsctl_devices)" ' ' ;;
                MODE) _ovs_vsctl_offer $'standalone\nsecure' ' ' ;;
                TARGET) _ovs_vsctl_offer $'tcp:\nssl:\nunix:\nptcp:\npssl:\npunix:' '' ;;
                PRIVATE-KEY | CERTIFICATE | CA-CERT) _ovs_vsctl_files ;;
                DATAPATH)
                    _ovs_vsctl_offer "$(_ovs_vsctl_keys Open_vSwitch . datapaths)" ' ' ;;
                ZONE) _ovs_vsctl_offer 'zone=' '' ;;
                TABLE) _ovs_vsctl_offer "$(_ovs_vsctl_tables)" ' ' ;;
                RECORD) _ovs_vsctl_offer "$(_ovs_vsctl_records "$table")" ' ' ;;
                COLUMN) _ovs_vsctl_offer "$(_ovs_vsctl_columns "$table")" ' ' ;;
                COLUMN\?:KEY*) _ovs_vsctl_setting "$1" ;;
                KEY)
                    if [[ $command == br-* ]]; then
                        _ovs_vsctl_offer "$(_ovs_vsctl_ask br-get-external-id "$table" |
                            sed 's/=.*//')" ' '
                    else
                        _ovs_vsctl_offer "$(_ovs_vsctl_keys "$table" "$record" "${given[2]}")" ' '
                    fi
                    ;;
                \?KEY=VALUE | KEY=VALUE)
                    _ovs_vsctl_offer "$(_ovs_vsctl_keys "$table" "$record" "${given[2]}")" '=' ;;
            esac
        }

        # Offers COLUMN, COLUMN:KEY or COLUMN=VALUE.
        _ovs_vsctl_setting() {
            local table=${given[0]} record=${given[1]} after= column key keys=
            [[ $1 == *=VALUE ]] && after='='
            case $command in
                add-port | add-bond) table=Port record= ;;
                find | create) record= ;;
            esac
            if [[ $cur == *=* ]]; then
                column=${cur%%=*}
                [[ -n $record ]] || return
                _ovs_vsctl_offer "$column=$(_ovs_vsctl_ask get "$table" "$record" "$column")" ' '
            elif [[ $cur == *:* ]]; then
                [[ -n $record ]] || return
                for key in $(_ovs_vsctl_keys "$table" "$record" "${cur%%:*}"); do
                    keys+="${cur%%:*}:$key"$'\n'
                done
                _ovs_vsctl_offer "$keys" "$after"
            else
                _ovs_vsctl_offer "$(_ovs_vsctl_columns "$table")" ''
            fi
        }

        _ovs_vsctl_files() {
            local file name=${cur##*=}
            compopt -o filenames 2>/dev/null
            while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$name")
        }

        # The kinds of arguments that may come next: the usage of the command read against the
        # number of arguments given. Ends with "end" where the command may end there.
        _ovs_vsctl_kinds() {
            local -a states=(0) next tokens
            local state token count=$1 i
            read -ra tokens <<<"$2"
            for ((i = 0; i <= count; i++)); do
                # A token that may be left out leads to the one behind it.
                for ((state = 0; state < ${#tokens[@]}; state++)); do
                    [[ " ${states[*]} " == *" $state "* ]] || continue
                    case ${tokens[state]} in
                        \?* | \**) states+=($((state + 1))) ;;
                    esac
                done
                ((i == count)) && break
                next=()
                for state in "${states[@]}"; do
                    token=${tokens[state]-}
                    [[ -n $token ]] || continue
                    [[ $token == [+*]* ]] && next+=("$state")
                    next+=($((state + 1)))
                done
                states=("${next[@]}")
            done
            for state in "${states[@]}"; do
                token=${tokens[state]-end}
                [[ $token == end ]] || token=${token:1}
                printf '%s\n' "${token//|/$'\n'}"
            done | sort -u
        }

        """#

    private static let completion = #"""
        # Offers commands, and the options that may stand before them; those given are in "options".
        _ovs_vsctl_commands() {
            local line name option fits offers= locals=
            while IFS=, read -r line name _; do
                fits=yes
                for option in "${options[@]}"; do
                    [[ $line == *"[${option%%=*}"[]=]* ]] || fits=
                done
                [[ -n $fits ]] || continue
                offers+=$name$'\n'
                for option in $line; do
                    option=${option#[}
                    locals+=${option%]}$'\n'
                done
            done <<<"$syntax"
            if [[ $cur == -* ]]; then
                _ovs_vsctl_options "$(sort -u <<<"$locals")"
                ((first)) && [[ ${#options[@]} -eq 0 ]] && _ovs_vsctl_options "$globals"
            else
                _ovs_vsctl_offer "$offers" ' '
            fi
        }

        # Options end with "=" where they want an argument.
        _ovs_vsctl_options() {
            local option
            for option in $1; do
                case $option in
                    *=*) _ovs_vsctl_offer "${option%%=*}=" '' ;;
                    *) _ovs_vsctl_offer "$option" ' ' ;;
                esac
            done
        }

        # Offers the argument of an option such as --format=.
        _ovs_vsctl_value() {
            local values=
            case ${cur%%=*} in
                --format) values=$'table\nlist\nhtml\ncsv\njson' ;;
                --data) values=$'string\nbare\njson' ;;
                --db) values=$'unix:\ntcp:\nssl:\nptcp:\npssl:\npunix:' ;;
                --log-file | --private-key | --certificate | --*ca-cert)
                    _ovs_vsctl_files
                    return
                    ;;
            esac
            local value
            for value in $values; do _ovs_vsctl_offer "${cur%%=*}=$value" ''; done
        }

        _ovs_vsctl_is_global() {
            grep -q -e "^$1\$" -e "^$1[= ]ARG\$" <<<"$globals"
        }

        # Reads the line up to the word to complete.
        _ovs_vsctl_read() {
            local i word
            for ((i = 1; i < ${#words[@]} - 1; i++)); do
                word=${words[i]}
                if [[ $word == -- ]]; then
                    [[ -z $command ]] || first=0
                    command= given=() options=()
                elif [[ -n $command ]]; then
                    given+=("$word")
                elif [[ $word != -* ]]; then
                    command=$word
                elif ((first)) && _ovs_vsctl_is_global "${word%%=*}"; then
                    [[ $word == --db=* ]] && connection+=("$word")
                    if [[ $word != *=* && $globals == *"$word"[=\ ]ARG* ]]; then
                        i=$((i + 1))
                        [[ $word == --db ]] && connection+=("--db=${words[i]}")
                        ((i < ${#words[@]} - 1)) || expected=$word
                    fi
                else
                    options+=("$word")
                fi
            done
        }

        _ovs_vsctl() {
            local program=$1 cur globals syntax command= expected= first=1 kind usage
            local -a words given=() options=() connection=()
            COMPREPLY=()
            _ovs_vsctl_words
            cur=${words[${#words[@]} - 1]}
            globals=$("$program" --options 2>/dev/null)
            syntax=$("$program" --commands 2>/dev/null)
            _ovs_vsctl_read
            if [[ -n $expected ]]; then
                cur=$expected=$cur
                _ovs_vsctl_value
            elif [[ -z $command && $cur == -*=* ]]; then
                _ovs_vsctl_value
            elif [[ -z $command ]]; then
                _ovs_vsctl_commands
            else
                usage=$(sed -n "s/^[^,]*,$command,//p" <<<"$syntax")
                case $command in
                    add-zone-tp) usage='!DATAPATH !ZONE +POLICY' ;;
                    del-zone-tp) usage='!DATAPATH !ZONE' ;;
                    list-zone-tp | list-dp-cap) usage='!DATAPATH' ;;
                esac
                for kind in $(_ovs_vsctl_kinds "${#given[@]}" "$usage"); do
                    if [[ $kind == end ]]; then
                        _ovs_vsctl_offer '--' ' '
                    else
                        _ovs_vsctl_argument "$kind"
                    fi
                done
            fi
        }

        complete -o nospace -F _ovs_vsctl ovs-vsctl

        """#
}
