import Daemon

/// What `ovs-ofctl --help` prints.
enum OfctlHelp {
    static var text: String {
        commands + CommonOptions.daemonHelp(program: "ovs-ofctl")
            + CommonOptions.loggingHelp(program: "ovs-ofctl") + others
    }

    private static let commands = """
        ovs-ofctl: asks and changes OpenFlow switches
        usage: ovs-ofctl [OPTIONS] COMMAND [ARG...]

        Commands for switches:
          show SWITCH                         features and ports
          dump-desc SWITCH                    description
          dump-tables SWITCH                  statistics of tables
          dump-table-features SWITCH          what tables can do
          dump-table-desc SWITCH              how tables are configured
          mod-table SWITCH TABLE SETTING      change what a table does, or its name
          dump-ports SWITCH [PORT]            statistics of ports
          dump-ports-desc SWITCH [PORT]       descriptions of ports
          queue-stats SWITCH [PORT [QUEUE]]   statistics of queues
          queue-get-config SWITCH [PORT]      queues
          mod-port SWITCH PORT ACTION         change a port
          get-frags SWITCH                    how fragments are handled
          set-frags SWITCH MODE               normal, drop, reassemble or nx-match
          dump-flows SWITCH [FLOW]            flows
          dump-aggregate SWITCH [FLOW]        sums over flows
          add-flow SWITCH FLOW                add a flow
          add-flows SWITCH FILE               add the flows of a file
          mod-flows SWITCH FLOW               change the actions of flows
          del-flows SWITCH [FLOW]             delete flows
          replace-flows SWITCH FILE           make the flows those of a file
          diff-flows SOURCE1 SOURCE2          compare the flows of two files or switches
          packet-out SWITCH IN_PORT ACTIONS PACKET...
          packet-out SWITCH PACKET-OUT        let the switch act on a packet
          monitor SWITCH [MISSLEN] [invalid_ttl]  print what the switch sends
          snoop SWITCH                        print what the switch and its controller say
          add-group SWITCH GROUP              add a group; add-groups: those of a file
          mod-group SWITCH GROUP              change a group, or add it (--may-create)
          insert-buckets SWITCH GROUP         add buckets to a group
          remove-buckets SWITCH GROUP         take buckets from a group
          del-groups SWITCH [GROUP]           remove groups, and the flows that use them
          bundle SWITCH FILE                  carry out all changes of a file, or none
          dump-groups SWITCH [GROUP]          groups
          dump-group-stats SWITCH [GROUP]     statistics of groups
          dump-group-features SWITCH          what groups can do
          add-meter SWITCH METER              add a meter; mod-meter: change it
          del-meters SWITCH [METER]           remove meters, and the flows that use them
          dump-meters SWITCH [METER]          meters
          meter-stats SWITCH [METER]          statistics of meters
          meter-features SWITCH               what meters can do
          add-tlv-map SWITCH MAP              give tunnel options fields
          del-tlv-map SWITCH [MAP]            take their fields from tunnel options
          dump-tlv-map SWITCH                 which tunnel options have fields
          dump-ipfix-bridge SWITCH            counters of IPFIX; dump-ipfix-flow: by flow
          ct-flush SWITCH [zone=N] [TUPLE [TUPLE]]  forget connections
          ct-flush-zone SWITCH ZONE           forget the connections of a zone

        Commands for switches and controllers:
          probe TARGET                        one echo
          ping TARGET [N]                     ten echoes of N octets, each with its time
          benchmark TARGET N COUNT            COUNT echoes of N octets

        Commands without a switch:
          ofp-parse FILE                      print the messages of a file
          ofp-parse-pcap FILE [PORT...]       print the messages in a capture
          ofp-print HEX                       print a message
          parse-flow FLOW                     print a flow as it would be sent
          parse-flows FILE                    the same for the flows of a file
          list-commands                       all commands, and those for who makes tools

        SWITCH is a bridge's name, tcp:HOST[:PORT] or unix:FILE.

        """

    private static let others = """

        Other options:
          --strict                    match flows exactly in mod-flows and del-flows
          --read-only                 refuse commands that change the switch
          --readd                     replace flows that have not changed too
          -O, --protocols=VERSIONS    allowed OpenFlow versions (OpenFlow10, OpenFlow13)
          -F, --flow-format=FORMATS   allowed formats of flows
          -P, --packet-in-format=F    standard, nxt_packet_in or nxt_packet_in2
          -m, --more                  print more
          --timestamp                 print the time before messages
          -t, --timeout=SECS          give up after SECS seconds
          --sort[=FIELD], --rsort[=FIELD]  sort flows
          --names, --no-names         show and take names of ports and tables, or do not
          --stats, --no-stats         show what changes by itself, or do not
          --unixctl=SOCKET            where to listen for commands
          -h, --help                  print this help
          -V, --version               print the version

        """
}
