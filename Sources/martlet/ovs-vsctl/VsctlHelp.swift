import ControlCommands
import Transport

/// What `ovs-vsctl --help` prints.
enum VsctlHelp {
    static var text: String { commands + ControlRun.recordHelp + options }

    private static let commands = """
        ovs-vsctl: queries and changes the configuration of ovs-vswitchd
        usage: ovs-vsctl [OPTIONS] COMMAND [ARG...] [-- [OPTIONS] COMMAND [ARG...]]...

        Open vSwitch commands:
          init                        set up the database if it is empty
          show                        print an overview of the configuration
          emer-reset                  take away all but what forwards packets

        Bridge commands:
          add-br BRIDGE               make a new bridge
          add-br BRIDGE PARENT VLAN   make a fake bridge for VLAN within PARENT
          del-br BRIDGE               delete a bridge and its ports
          list-br                     print the bridges' names
          br-exists BRIDGE            exit with 2 if there is no such bridge
          br-to-vlan BRIDGE           print the VLAN of a fake bridge, 0 for a real one
          br-to-parent BRIDGE         print the bridge that contains BRIDGE
          br-set-external-id BRIDGE KEY VALUE  set KEY of BRIDGE to VALUE
          br-set-external-id BRIDGE KEY  remove KEY of BRIDGE
          br-get-external-id BRIDGE KEY  print the value of KEY of BRIDGE
          br-get-external-id BRIDGE   print all keys and values of BRIDGE

        Port commands (a bond is one port):
          list-ports BRIDGE           print the names of the ports of BRIDGE
          add-port BRIDGE PORT        add the network device PORT to BRIDGE
          add-bond BRIDGE PORT IFACE...  add to BRIDGE a bond PORT of IFACEs
          add-bond-iface BOND IFACE   add IFACE to the port BOND
          del-bond-iface [BOND] IFACE  remove IFACE from its port
          del-port [BRIDGE] PORT      delete a port
          port-to-br PORT             print the bridge that contains PORT

        Interface commands (a bond has several interfaces):
          list-ifaces BRIDGE          print the names of the interfaces of BRIDGE
          iface-to-br IFACE           print the bridge that contains IFACE

        Controller commands:
          get-controller BRIDGE       print the controllers of BRIDGE
          del-controller BRIDGE       remove the controllers of BRIDGE
          [--inactivity-probe=MSECS]
          set-controller BRIDGE TARGET...  set the controllers of BRIDGE
          get-fail-mode BRIDGE        print the fail mode of BRIDGE
          del-fail-mode BRIDGE        remove the fail mode of BRIDGE
          set-fail-mode BRIDGE MODE   set the fail mode of BRIDGE

        Manager commands:
          get-manager                 print the managers
          del-manager                 remove the managers
          [--inactivity-probe=MSECS]
          set-manager TARGET...       set the managers

        SSL commands:
          get-ssl                     print keys and certificates
          del-ssl                     remove keys and certificates
          set-ssl PRIV-KEY CERT CA-CERT  set keys and certificates

        Auto Attach commands:
          add-aa-mapping BRIDGE I-SID VLAN  add a mapping to BRIDGE
          del-aa-mapping BRIDGE I-SID VLAN  remove a mapping from BRIDGE
          get-aa-mapping BRIDGE       print the mappings of BRIDGE

        Datapath commands:
          add-zone-tp DP zone=ID KEY=VALUE...  add a timeout policy for a zone
          del-zone-tp DP zone=ID      delete the timeout policy of a zone
          list-zone-tp DP             print the timeout policies of DP
          list-dp-cap DP              print what DP can do

        Database commands:
          list TBL [REC]              print records of TBL
          find TBL CONDITION...       print the records that meet the conditions
          get TBL REC COL[:KEY]       print values of columns
          set TBL REC COL[:KEY]=VALUE  set values of columns
          add TBL REC COL [KEY=]VALUE  add values to a column
          remove TBL REC COL [KEY=]VALUE  remove values from a column
          clear TBL REC COL           empty columns
          create TBL COL[:KEY]=VALUE  make a new record
          destroy TBL REC             delete a record
          wait-until TBL REC [COL[:KEY]=VALUE]  wait until a record is so
          comment [ARG]...            put words into the database's log

        """

    private static var options: String {
        """

        Options:
          --db=DATABASE               connect to DATABASE
                                      (default: unix:\
        \(InstallDirectories.current.run)/db.sock)
          --no-wait                   do not wait until ovs-vswitchd has followed
          --retry                     go on trying until the server is there
          -t, --timeout=SECS          give up after SECS seconds
          --dry-run                   change nothing
          --oneline                   print one line for each command

        Output formatting options:
          -f, --format=FORMAT         print tables as "table", "list", "html", "csv" or "json"
          -d, --data=FORMAT           print cells as "string", "bare" or "json"
          --no-headings               leave out the row of headings
          --pretty                    print JSON in many lines
          --bare                      the same as "--format=list --data=bare --no-headings"

        Logging options:
          -vSPEC, --verbose=SPEC      set levels of the log
          -v, --verbose               log everything
          --log-file[=FILE]           log to FILE
                                      (default: \
        \(InstallDirectories.current.log)/ovs-vsctl.log)
          --syslog-method=(libc|unix:file|udp:ip:port|null)  how to reach syslog
          --syslog-target=HOST:PORT   also log to HOST:PORT by UDP
          --no-syslog                 the same as "--verbose=vsctl:syslog:warn"

        Other options:
          -h, --help                  print this help
          -V, --version               print the version

        """
    }
}
