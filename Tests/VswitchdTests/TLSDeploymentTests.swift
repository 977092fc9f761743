import TestSupport
import Testing

/// Genuine programs and ours together over TLS, whichever end is whose.
@Suite(.serialized, .enabled(if: TLSDeployment.isAvailable))
struct TLSDeploymentTests {
    typealias Make = TLSDeployment.Make

    private let deployment = TLSDeployment()

    /// Serves `Open_vSwitch` as Debian's start script does, with keys from the table SSL.
    private func startServer(_ make: Make) -> String {
        deployment.startDatabase(
            make,
            [
                "--remote=db:Open_vSwitch,Open_vSwitch,manager_options",
                "--private-key=db:Open_vSwitch,SSL,private_key",
                "--certificate=db:Open_vSwitch,SSL,certificate",
                "--bootstrap-ca-cert=db:Open_vSwitch,SSL,ca_cert",
            ])
        let party = deployment.certificates.makeParty("server", by: "ca")
        deployment.vsctl(
            "--no-wait set-ssl \(party.key) \(party.certificate) \(deployment.authority) "
                + "-- set-manager pssl:0:127.0.0.1")
        return deployment.managerPort()
    }

    @Test(arguments: Make.allCases, Make.allCases)
    func `tools reach a database server`(server: Make, tool: Make) {
        if server == .genuine && tool == .genuine { return }
        let remote = "ssl:127.0.0.1:" + startServer(server)
        let keys = deployment.keys("tool")
        let list = deployment.run(tool, "ovsdb-client", keys + ["list-dbs", remote])
        #expect(list.output == "Open_vSwitch\n_Server\n", "\(list.error)")
        let managers = deployment.run(
            tool, "ovs-vsctl", keys + ["--timeout=30", "--db=" + remote, "get-manager"])
        #expect(managers.output == "pssl:0:127.0.0.1\n", "\(managers.error)")
    }

    @Test(arguments: Make.allCases, Make.allCases)
    func `strangers are refused`(server: Make, tool: Make) {
        if server == .genuine && tool == .genuine { return }
        let remote = "ssl:127.0.0.1:" + startServer(server)
        for keys in [
            deployment.keys("tool", by: "other"),
            deployment.keys("tool", trusting: deployment.certificates.path("other.pem")),
        ] {
            let list = deployment.run(
                tool, "ovsdb-client", keys + ["--timeout=30", "list-dbs", remote])
            #expect(list.status != 0)
            #expect(list.output == "")
        }
    }

    @Test func `without keys a tool says what is missing`() {
        let result = deployment.run(.martlet, "ovsdb-client", ["list-dbs", "ssl:127.0.0.1:1"])
        for word in ["Private key", "Certificate", "CA certificate"] {
            #expect(result.error.contains("stream_ssl|ERR|\(word) must be configured to use SSL"))
        }
        #expect(
            result.error.hasSuffix(
                """
                ovsdb-client: failed to connect to "ssl:127.0.0.1:1" (Protocol not available)

                """))
        #expect(result.status == 1)
    }

    @Test func `the name in a certificate is who a client is to access control`() {
        let schema = deployment.write(
            """
            {"name": "R", "version": "1.0.0", "tables": {
              "Remote": {"isRoot": true, "columns": {
                "target": {"type": "string"}, "role": {"type": "string"},
                "read_only": {"type": "boolean"},
                "status": {"type": {"key": "string", "value": "string", "min": 0,
                  "max": "unlimited"}, "ephemeral": true},
                "is_connected": {"type": "boolean", "ephemeral": true}}},
              "Top": {"isRoot": true, "columns": {"remotes": {"type": {
                "key": {"type": "uuid", "refTable": "Remote"}, "min": 0, "max": "unlimited"}}}},
              "RBAC_Role": {"isRoot": true, "columns": {"name": {"type": "string"},
                "permissions": {"type": {"key": "string", "value": {"type": "uuid",
                  "refTable": "RBAC_Permission"}, "min": 0, "max": "unlimited"}}}},
              "RBAC_Permission": {"isRoot": true, "columns": {"table": {"type": "string"},
                "authorization": {"type": {"key": "string", "min": 0, "max": "unlimited"}},
                "insert_delete": {"type": "boolean"},
                "update": {"type": {"key": "string", "min": 0, "max": "unlimited"}}}},
              "Chassis": {"isRoot": true, "columns": {"name": {"type": "string"}}}}}
            """, to: "rbac.ovsschema")
        deployment.startDatabase(
            .martlet, schema: schema, ["--remote=db:R,Top,remotes"] + deployment.keys("server"))
        let make = """
            ["R",{"op":"insert","table":"RBAC_Permission","uuid-name":"p","row":{
              "table":"Chassis","authorization":"name","insert_delete":true}},
            {"op":"insert","table":"RBAC_Role","row":{"name":"hv",
              "permissions":["map",[["Chassis",["named-uuid","p"]]]]}},
            {"op":"insert","table":"Remote","uuid-name":"a","row":{
              "target":"pssl:0:127.0.0.1","role":"hv"}},
            {"op":"insert","table":"Remote","uuid-name":"b","row":{
              "target":"ptcp:0:127.0.0.1","read_only":true}},
            {"op":"insert","table":"Top","row":{"remotes":["set",
              [["named-uuid","a"],["named-uuid","b"]]]}}]
            """
        _ = deployment.run(.martlet, "ovsdb-client", ["transact", deployment.socket, make])
        func insertion(_ name: String) -> String {
            #"["R",{"op":"insert","table":"Chassis","row":{"name":"\#(name)"}}]"#
        }
        let keys = deployment.keys("hv1")
        let secure = "ssl:127.0.0.1:" + port(of: "pssl:0:127.0.0.1")
        let own = deployment.run(
            .genuine, "ovsdb-client", keys + ["transact", secure, insertion("hv1")])
        #expect(own.output.contains("uuid"))
        let foreign = deployment.run(
            .martlet, "ovsdb-client", keys + ["transact", secure, insertion("hv2")])
        #expect(
            foreign.output == #"""
                [{"details":"RBAC rules for client \"hv1\" role \"hv\" prohibit row insertion \#
                into table \"Chassis\".","error":"permission error"}]

                """#)
        let plain = "tcp:127.0.0.1:" + port(of: "ptcp:0:127.0.0.1")
        let reader = deployment.run(
            .genuine, "ovsdb-client", ["transact", plain, insertion("hv1")])
        #expect(
            reader.output == #"""
                [{"details":"insert operation not allowed when database server is in read only \#
                mode","error":"not allowed"}]

                """#)
    }

    /// The port that the server writes into the row of a remote.
    private func port(of target: String) -> String {
        let wait = """
            ["R",{"op":"wait","table":"Remote","where":[["target","==","\(target)"],
              ["status","==",["map",[]]]],"columns":["target"],"until":"==","rows":[],
              "timeout":30000},
            {"op":"select","table":"Remote","where":[["target","==","\(target)"]],
              "columns":["status"]}]
            """
        let result = deployment.run(
            .martlet, "ovsdb-client", ["transact", deployment.socket, wait])
        let text = result.output
        guard let range = text.firstRange(of: "\"bound_port\",\"") else { return "" }
        return String(text[range.upperBound...].prefix(while: \.isNumber))
    }

    @Test func `a manager hears of its connection`() {
        let port = startServer(.martlet)
        deployment.vsctl(
            "--no-wait set-manager pssl:0:127.0.0.1 ssl:127.0.0.1:\(port) "
                + "-- set manager ssl:127.0.0.1:\(port) inactivity_probe=0")
        // The server is its own client here: one end of it listens, the other connects.
        let manager = "manager ssl:127.0.0.1:\(port)"
        #expect(deployment.vsctl("--no-wait wait-until \(manager) is_connected=true") == "")
        #expect(deployment.vsctl("--no-wait get \(manager) status:state") == "ACTIVE")
        #expect(
            deployment.vsctl("--no-wait wait-until manager pssl:0:127.0.0.1 is_connected=true")
                == "")
        deployment.vsctl("--no-wait del-manager")
        #expect(deployment.vsctl("--no-wait get-manager") == "")
    }

    @Test(arguments: [(Make.martlet, Make.genuine), (.genuine, .martlet), (.martlet, .martlet)])
    func `OpenFlow tools reach a switch`(daemon: Make, tool: Make) {
        _ = startServer(.martlet)
        deployment.startSwitch(daemon)
        let port = TLSDeployment.freePort()
        deployment.vsctl("add-br br0 -- set-controller br0 pssl:\(port):127.0.0.1")
        let show = deployment.run(
            tool, "ovs-ofctl", deployment.keys("tool") + ["show", "ssl:127.0.0.1:\(port)"])
        #expect(show.output.contains("LOCAL(br0)"), "\(show.error)")
        let stranger = deployment.run(
            tool, "ovs-ofctl",
            deployment.keys("tool", by: "other") + ["show", "ssl:127.0.0.1:\(port)"])
        #expect(stranger.status != 0)
    }

    @Test(
        .enabled(
            if: Subprocess.find("ovs-testcontroller") != nil, "ovs-testcontroller is not installed"
        ),
        arguments: [(Make.martlet, Make.genuine), (.genuine, .martlet), (.martlet, .martlet)])
    func `a controller programs switches, whoever calls`(daemon: Make, controller: Make) {
        _ = startServer(.martlet)
        deployment.startSwitch(daemon)
        let ports = (TLSDeployment.freePort(), TLSDeployment.freePort())
        deployment.vsctl(
            "add-br br0 -- set-controller br0 ssl:127.0.0.1:\(ports.0) "
                + "-- add-br br1 -- set-controller br1 pssl:\(ports.1):127.0.0.1 "
                + "-- set-fail-mode br0 secure -- set-fail-mode br1 secure")
        deployment.startController(
            controller,
            deployment.keys("controller")
                + ["pssl:\(ports.0):127.0.0.1", "ssl:127.0.0.1:\(ports.1)"])
        for bridge in ["br0", "br1"] {
            var flows = ""
            // Who calls may have been early, and calls again a second later.
            for _ in 1...2000 where !flows.contains("CONTROLLER:128") {
                flows =
                    deployment.run(
                        .martlet, "ovs-ofctl", ["-O", "OpenFlow15", "dump-flows", bridge]
                    ).output
            }
            #expect(flows.contains("priority=0 actions=CONTROLLER:128"), "\(bridge): \(flows)")
        }
    }
}
