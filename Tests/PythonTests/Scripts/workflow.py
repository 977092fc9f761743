"""Client workflows of the library `ovs` against the programs in PATH.

Prints one line for each step that did what it should; the caller compares them.
"""

import os
import subprocess
import sys
import uuid

import ovs.db.idl
import ovs.json
import ovs.jsonrpc
import ovs.poller
import ovs.stream

DIRECTORY = os.environ["OVS_RUNDIR"]
REMOTE = "unix:" + os.path.join(DIRECTORY, "db.sock")
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


class Replica(ovs.db.idl.Idl):
    """A replica that remembers what it was told of."""

    def __init__(self, helper):
        super().__init__(REMOTE, helper)
        self.events = []

    def notify(self, event, row, updates=None):
        name = getattr(row, "name", None)
        changed = sorted(updates._data) if updates is not None else []
        self.events.append((row._table.name, event, name, changed))

    def run_until(self, condition):
        while True:
            self.run()
            if condition():
                return
            poller = ovs.poller.Poller()
            self.wait(poller)
            poller.block()


def open_replica(tables, conditions=None):
    helper = ovs.db.idl.SchemaHelper(location=SCHEMA)
    for table, columns in tables.items():
        helper.register_columns(table, columns)
    replica = Replica(helper)
    for table, condition in (conditions or {}).items():
        replica.cond_change(table, condition)
    replica.run_until(replica.has_ever_connected)
    return replica


def say(step, passed):
    print(("ok " if passed else "NOT ok ") + step)


def root(replica):
    return next(iter(replica.tables["Open_vSwitch"].rows.values()))


def bridges(replica):
    return sorted(row.name for row in replica.tables["Bridge"].rows.values())


def transactions():
    tables = {"Open_vSwitch": ["bridges", "next_cfg", "external_ids"],
              "Bridge": ["name", "ports", "other_config", "datapath_type"],
              "Port": ["name", "interfaces", "tag"], "Interface": ["name", "type"]}
    replica = open_replica(tables)

    transaction = ovs.db.idl.Transaction(replica)
    bridge = transaction.insert(replica.tables["Bridge"])
    bridge.name = "br0"
    bridge.other_config = {"a": "b", "ü": "☃"}
    bridge.verify("name")
    root(replica).addvalue("bridges", bridge)
    root(replica).increment("next_cfg")
    say("a row is inserted and referred to",
        transaction.commit_block() == ovs.db.idl.Transaction.SUCCESS)
    say("the reply of an increment is known", transaction.get_increment_new_value() == 1)
    inserted = transaction.get_insert_uuid(bridge.uuid)
    replica.run_until(lambda: inserted in replica.tables["Bridge"].rows)
    row = replica.tables["Bridge"].rows[inserted]
    say("an insertion arrives", (row.name, row.other_config) == (
        "br0", {"a": "b", "ü": "☃"}))

    # The library of Open vSwitch 3.1 offers this and then cannot write it as JSON.
    wanted = uuid.UUID("6463ebe8-0000-4000-8000-000000000001")
    persists = "--persist-uuid" in sys.argv
    transaction = ovs.db.idl.Transaction(replica)
    second = transaction.insert(
        replica.tables["Bridge"], *([wanted, True] if persists else []))
    second.name = "br1"
    root(replica).addvalue("bridges", second)
    passed = transaction.commit_block() == ovs.db.idl.Transaction.SUCCESS
    replica.run_until(lambda: len(bridges(replica)) == 2)
    say("a second row is inserted",
        passed and (not persists or wanted in replica.tables["Bridge"].rows))
    second = next(row for row in replica.tables["Bridge"].rows.values() if row.name == "br1")

    transaction = ovs.db.idl.Transaction(replica)
    row.setkey("other_config", "c", "d")
    row.delkey("other_config", "a")
    say("parts of a map change", transaction.commit_block() == transaction.SUCCESS)
    replica.run_until(lambda: "c" in row.other_config)
    say("the map has changed", row.other_config == {"c": "d", "ü": "☃"})
    say("the notice says what it was before",
        ("Bridge", "update", "br0", ["other_config"]) in replica.events)

    transaction = ovs.db.idl.Transaction(replica)
    third = transaction.insert(replica.tables["Bridge"])
    third.name = "br1"
    root(replica).addvalue("bridges", third)
    say("a name cannot be had twice", transaction.commit_block() == transaction.ERROR
        and "identical values" in transaction.get_error())

    # Another client changes the row behind the back of this one.
    transaction = ovs.db.idl.Transaction(replica)
    row.verify("datapath_type")
    row.datapath_type = "netdev"
    subprocess.check_call(["ovsdb-client", "transact", REMOTE, ovs.json.to_string(
        ["Open_vSwitch", {"op": "update", "table": "Bridge", "where": [],
                          "row": {"datapath_type": "system"}}])],
        stdout=subprocess.DEVNULL)
    say("a value that changed meanwhile is noticed",
        transaction.commit_block() == transaction.TRY_AGAIN)
    replica.run_until(lambda: row.datapath_type == "system")

    transaction = ovs.db.idl.Transaction(replica)
    root(replica).delvalue("bridges", second)
    say("a row that nobody refers to goes", transaction.commit_block() == transaction.SUCCESS)
    replica.run_until(lambda: bridges(replica) == ["br0"])
    say("its removal arrives", ("Bridge", "delete", "br1", []) in replica.events)
    replica.close()


def conditions():
    tables = {"Open_vSwitch": ["bridges"], "Bridge": ["name", "other_config"]}
    watcher = open_replica(tables, {"Bridge": [["name", "==", "br7"]]})
    say("a condition hides other rows", bridges(watcher) == [])
    watcher.cond_change("Bridge", [True])
    watcher.run_until(lambda: bridges(watcher) == ["br0"])
    say("a wider condition shows them", True)
    watcher.cond_change("Bridge", [False])
    watcher.run_until(lambda: bridges(watcher) == [])
    say("a narrower one hides them again", True)
    watcher.close()


def locks():
    tables = {"Open_vSwitch": ["external_ids"]}
    holder = open_replica(tables)
    holder.set_lock("l")
    holder.run_until(lambda: holder.has_lock)
    say("a lock is had", True)
    waiter = open_replica(tables)
    waiter.set_lock("l")
    waiter.run_until(lambda: waiter.is_lock_contended)
    say("it is not had twice", not waiter.has_lock)
    transaction = ovs.db.idl.Transaction(waiter)
    root(waiter).setkey("external_ids", "a", "b")
    say("without it nothing is changed", transaction.commit_block() == transaction.NOT_LOCKED)
    holder.close()
    waiter.run_until(lambda: waiter.has_lock)
    say("who waits gets it", True)
    waiter.close()


def protocol():
    error, stream = ovs.stream.Stream.open_block(ovs.stream.Stream.open(REMOTE))
    connection = ovs.jsonrpc.Connection(stream)
    request = ovs.jsonrpc.Message.create_request("echo", ["a", 1, None])
    error, reply = connection.transact_block(request)
    say("an echo comes back", not error and reply.result == ["a", 1, None])
    request = ovs.jsonrpc.Message.create_request("nosuch", [])
    error, reply = connection.transact_block(request)
    say("an unknown method is refused", not error and bool(reply.error))
    connection.close()


if __name__ == "__main__":
    for workflow in (transactions, conditions, locks, protocol):
        workflow()
    sys.stdout.flush()
