/// Completion of command lines by bash, as files which `martlet install` writes.
///
/// The files lie where the package `bash-completion` loads them from on the first use of a command;
/// without it, `source FILE` in a shell's profile does the same. Each stands alone.
enum BashCompletion {
    /// Where the files go below the prefix.
    static let directory = "share/bash-completion/completions"

    /// What the files begin with: they may be written over.
    static let mark = "# Completion by bash, as written by martlet install.\n"

    static let files = [
        (program: "ovs-vsctl", text: mark + ovsVsctl),
        (program: "ovs-appctl", text: mark + ovsAppctl),
    ]

    /// Puts the words of the line in front of the cursor together again.
    ///
    /// Bash cuts them at `:` and `=` as well, so that `column:key=value` arrives as five words; and
    /// it replaces only the last of the pieces, so that the others are taken off the answers.
    static func words(_ prefix: String) -> String {
        #"""
        # The words up to the cursor, in the array "words"; the last is the one to complete.
        _\#(prefix)_words() {
            local line=${COMP_LINE:0:COMP_POINT} i piece blanks
            words=()
            for ((i = 0; i <= COMP_CWORD; i++)); do
                blanks=${line%%[![:space:]]*}
                line=${line:${#blanks}}
                piece=${COMP_WORDS[i]}
                ((i == COMP_CWORD)) && piece=$line
                if [[ $i -gt 0 && -z $blanks && ${#words[@]} -gt 0 ]]; then
                    words[${#words[@]} - 1]+=$piece
                else
                    words+=("$piece")
                fi
                line=${line:${#piece}}
            done
        }

        # Offers those of the lines in $1 that begin with the current word; $2 is what follows.
        _\#(prefix)_offer() {
            local IFS=$'\n' line cut=${cur%"${cur##*[:=]}"} after=$2
            [[ $COMP_WORDBREAKS == *:* && $COMP_WORDBREAKS == *=* ]] || cut=
            for line in $1; do
                [[ $line == "$cur"* ]] && COMPREPLY+=("${line#"$cut"}$after")
            done
        }

        """#
    }
}
