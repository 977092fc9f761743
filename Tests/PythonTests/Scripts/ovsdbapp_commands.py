"""The commands of the library `ovsdbapp` against the programs in PATH, which its own fixture starts.

Prints one line for each step that did what it should; the caller compares them.
"""

import logging
import os
import tempfile
import threading

from ovsdbapp import event
from ovsdbapp import venv
from ovsdbapp.backend.ovs_idl import connection
from ovsdbapp.backend.ovs_idl import event as row_event
from ovsdbapp.backend.ovs_idl import idlutils
from ovsdbapp.schema.open_vswitch import impl_idl


class BridgeEvent(row_event.RowEvent, event.WaitEvent):
    """Waits until a bridge of this name is there."""

    def __init__(self, name):
        super().__init__((self.ROW_CREATE,), "Bridge", (("name", "=", name),), timeout=30)


def say(step, passed):
    print(("ok " if passed else "NOT ok ") + step, flush=True)


def refuses(command, *errors):
    try:
        command.execute(check_error=True, log_errors=False)
    except errors:
        return True
    except Exception as error:
        print(type(error), error)
    return False


def bridges(api):
    say("a bridge is added", api.add_br("br0").execute(check_error=True) is not None or True)
    say("it is listed", api.list_br().execute(check_error=True) == ["br0"])
    say("it exists", api.br_exists("br0").execute(check_error=True) is True)
    say("another does not", api.br_exists("br7").execute(check_error=True) is False)
    api.add_br("br0", may_exist=True).execute(check_error=True)
    say("it may be there", api.list_br().execute() == ["br0"])
    api.br_set_external_id("br0", "a", "b").execute(check_error=True)
    say("it has an external ID", api.br_get_external_id("br0", "a").execute() == "b")
    api.set_fail_mode("br0", "secure").execute(check_error=True)
    say("a column is read", api.db_get("Bridge", "br0", "fail_mode").execute() == "secure")
    api.set_controller("br0", ["tcp:127.0.0.1:6653"]).execute(check_error=True)
    say("it has a controller",
        api.get_controller("br0").execute() == ["tcp:127.0.0.1:6653"])
    api.del_controller("br0").execute(check_error=True)
    say("it has none", api.get_controller("br0").execute() == [])


def ports(api):
    api.add_port("br0", "p1", type="dummy").execute(check_error=True)
    api.add_port("br0", "p2").execute(check_error=True)
    api.iface_set_external_id("p1", "iface-id", "x").execute(check_error=True)
    say("ports are listed", sorted(api.list_ports("br0").execute()) == ["p1", "p2"])
    say("interfaces are listed", sorted(api.list_ifaces("br0").execute()) == ["p1", "p2"])
    say("a port's bridge is found", api.port_to_br("p1").execute() == "br0")
    say("an interface's bridge is found", api.iface_to_br("p1").execute() == "br0")
    api.db_set("Port", "p1", ("tag", 7), ("other_config", {"k": "v"})).execute(check_error=True)
    say("columns are set", api.db_get("Port", "p1", "tag").execute() == 7)
    found = api.db_find("Port", ("tag", "=", 7), columns=["name", "tag"]).execute()
    say("rows are found", found == [{"name": "p1", "tag": 7}])
    rows = api.db_find_rows("Interface", ("external_ids", "=", {"iface-id": "x"})).execute()
    say("rows are found by a map", [row.name for row in rows] == ["p1"])
    names = [row["name"] for row in api.db_list("Port", ["p1", "p2"], ["name"]).execute()]
    say("records are listed", sorted(names) == ["p1", "p2"])
    api.db_add("Port", "p2", "trunks", 1, 2).execute(check_error=True)
    api.db_remove("Port", "p2", "trunks", 1).execute(check_error=True)
    say("sets change in part", api.db_get("Port", "p2", "trunks").execute() == 2)
    api.db_clear("Port", "p2", "trunks").execute(check_error=True)
    say("a column is cleared", api.db_get("Port", "p2", "trunks").execute() == [])
    api.del_port("p2", bridge="br0").execute(check_error=True)
    say("a port is removed", api.list_ports("br0").execute() == ["p1"])
    say("a port that is missing is told of", refuses(api.del_port("p9", if_exists=False),
                                                      RuntimeError))


def transactions(api):
    with api.transaction(check_error=True) as transaction:
        qos = transaction.add(api.db_create("QoS", type="linux-htb"))
        transaction.add(api.db_set("Port", "p1", ("qos", qos)))
    say("a row of the same transaction is referred to",
        api.db_get("Port", "p1", "qos").execute() == qos.result)
    say("a row that breaks a constraint is refused",
        refuses(api.db_create("Port", name="p1"), RuntimeError))
    say("an unknown record is refused",
        refuses(api.db_set("Port", "p9", ("tag", 5), if_exists=False), idlutils.RowNotFound))
    with_error = api.create_transaction(check_error=False, log_errors=False)
    with_error.add(api.db_set("Port", "p1", ("tag", 8)))
    with_error.add(api.db_create("Port", name="p1"))
    try:
        with_error.commit()
    except RuntimeError:
        pass
    say("nothing of a refused transaction is kept",
        api.db_get("Port", "p1", "tag").execute() == 7)


def events(api, backend):
    waited = BridgeEvent("br5")
    backend.idl.notify_handler.watch_event(waited)
    threading.Thread(target=lambda: api.add_br("br5").execute(check_error=True)).start()
    say("an event tells of a new bridge", waited.wait())
    api.del_br("br5").execute(check_error=True)
    say("a bridge is removed", api.list_br().execute() == ["br0"])
    say("a bridge that is missing is told of",
        refuses(api.del_br("br9", if_exists=False), RuntimeError))


class Idl(connection.OvsdbIdl):
    """A replica that hands its changes to whoever watches them."""

    def __init__(self, remote, schema):
        super().__init__(remote, schema)
        self.notify_handler = event.RowEventHandler()

    def notify(self, kind, row, updates=None):
        self.notify_handler.notify(kind, row, updates)


def main():
    logging.disable(logging.CRITICAL)
    fixture = venv.OvsVenvFixture(
        venv=tempfile.mkdtemp(dir=os.environ["OVS_RUNDIR"]), remove=True)
    with fixture:
        say("the fixture starts the programs", True)
        idl = Idl.from_server(fixture.ovs_connection, "Open_vSwitch")
        backend = connection.Connection(idl, timeout=30)
        api = impl_idl.OvsdbIdl(backend)
        bridges(api)
        ports(api)
        transactions(api)
        events(api, backend)
        say("the switch answers", "p1" in fixture.call(
            ["ovs-vsctl", "--db=" + fixture.ovs_connection, "show"]).decode())
        backend.stop(timeout=10)


if __name__ == "__main__":
    main()
