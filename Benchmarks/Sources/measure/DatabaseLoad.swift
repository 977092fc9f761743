import Glibc

/// What is asked of a database server that serves `database.ovsschema`.
enum DatabaseLoad {
    static let usage = """
               measure insert SOCKET ROWS ROWS-A-TRANSACTION WINDOW [FIRST]
                 inserts rows, so many transactions being under way at a time; prints rows a second
               measure monitors SOCKET CLIENTS TRANSACTIONS WINDOW
                 one client writes while others monitor; prints transactions a second, counted until
                 every client was told of each
               measure idle SOCKET CLIENTS PID SECONDS
                 prints connections a second (with one echo each), and what the server PID spends for
                 them: kilobytes a client, CPU milliseconds a second
               measure dump SOCKET
                 prints the milliseconds until the rows have come by monitor, and the megabytes
               measure durable SOCKET CLIENTS TRANSACTIONS
                 each client commits that many durable transactions one by one; prints those a second

        """

    static func run(_ arguments: [String]) -> Bool {
        let numbers = arguments.dropFirst(3).map { Int($0) ?? 0 }
        switch (arguments[1], numbers.count) {
        case ("insert", 3...4):
            insert(
                arguments[2], rows: numbers[0], each: numbers[1], window: numbers[2],
                first: numbers.count > 3 ? numbers[3] : 0)
        case ("monitors", 3):
            monitors(
                arguments[2], count: numbers[0], transactions: numbers[1], window: numbers[2])
        case ("idle", 3):
            idle(arguments[2], count: numbers[0], pid: numbers[1], seconds: numbers[2])
        case ("dump", 0): dump(arguments[2])
        case ("durable", 2): durable(arguments[2], count: numbers[0], transactions: numbers[1])
        default: return false
        }
        return true
    }

    /// The operation that inserts one row; about as much as a logical port.
    private static func insertion(_ number: Int) -> String {
        #"{"op":"insert","table":"Item","row":{"name":"item-\#(number)","number":\#(number % 4096),"#
            + #""options":["map",[["owner","tenant-\#(number % 1000)"],"#
            + #"["address","52:54:00:00:\#(number % 97):\#(number % 89) 10.0.\#(number % 251).7"]]],"#
            + #""tags":["set",["blue","shared"]]}}"#
    }

    private static func transaction(_ operations: String, id: Int) -> [UInt8] {
        Array(#"{"id":\#(id),"method":"transact","params":["Benchmark",\#(operations)]}"#.utf8)
    }

    private static func insert(
        _ path: String, rows: Int, each: Int, window: Int, first: Int
    ) {
        let client = DatabaseClient(path: path)
        let count = rows / each
        // Beyond this, requests are made as they are sent: the server is then filled, not measured.
        let isPrepared = rows <= 200_000
        func request(_ index: Int) -> [UInt8] {
            let start = first + index * each
            return transaction(
                (start..<start + each).map(insertion).joined(separator: ","), id: index)
        }
        let requests = isPrepared ? (0..<count).map(request) : []
        let start = now()
        var next = 0
        while client.messageCount < count {
            while next < count && next - client.messageCount < window {
                client.queue(isPrepared ? requests[next] : request(next))
                next += 1
            }
            client.wait()
        }
        print(format(Double(count * each) / (now() - start)))
    }

    private static func monitors(_ path: String, count: Int, transactions: Int, window: Int) {
        let readers = (0..<count).map { _ in DatabaseClient(path: path) }
        let request =
            #"{"id":1,"method":"monitor_cond","params":["Benchmark","m","#
            + #"{"Item":{"columns":["name","number","options","tags"],"#
            + #""select":{"initial":false}}}]}"#
        for reader in readers {
            reader.exchange(Array(request.utf8))
            reader.count("\"insert\"")
        }
        let writer = DatabaseClient(path: path)
        let set = DatabaseClientSet(readers + [writer])
        let requests = (0..<transactions).map { transaction(insertion(1_000_000_000 + $0), id: $0) }
        let start = now()
        var next = 0
        var complete = 0
        while complete < count || writer.messageCount < transactions {
            while next < transactions && next - writer.messageCount < window {
                writer.queue(requests[next])
                next += 1
            }
            set.wait { index in
                guard index < count, readers[index].needleCount == transactions else { return }
                complete += 1
            }
        }
        print(format(Double(transactions) / (now() - start)))
    }

    private static func idle(_ path: String, count: Int, pid: Int, seconds: Int) {
        let echo = Array(#"{"id":"e","method":"echo","params":[]}"#.utf8)
        func connect(_ count: Int) -> [DatabaseClient] {
            let clients = (0..<count).map { _ in
                let client = DatabaseClient(path: path)
                client.queue(echo)
                return client
            }
            for client in clients { while client.messageCount < 1 { client.wait() } }
            return clients
        }
        // What the server needs for its first clients is not a matter of how many there are.
        let first = connect(16)
        let before = resident(pid)
        let start = now()
        let clients = connect(count)
        let rate = Double(count) / (now() - start)
        let ticks = processorTicks(pid)
        sleep(UInt32(seconds))
        let spent = Double(processorTicks(pid) - ticks) * 1000 / Double(sysconf(Int32(_SC_CLK_TCK)))
        let kilobytes = Double(resident(pid) - before) / Double(count)
        print(format(rate), format(kilobytes), format(spent / Double(seconds)))
        withExtendedLifetime((first, clients)) {}
    }

    private static func dump(_ path: String) {
        let client = DatabaseClient(path: path)
        let request = #"{"id":1,"method":"monitor_cond","params":["Benchmark","m",{"Item":{}}]}"#
        let start = now()
        client.exchange(Array(request.utf8))
        print(format((now() - start) * 1000), format(Double(client.byteCount) / 1e6))
    }

    private static func durable(_ path: String, count: Int, transactions: Int) {
        let set = DatabaseClientSet((0..<count).map { _ in DatabaseClient(path: path) })
        let requests = (0..<count * transactions).map {
            transaction(
                insertion(2_000_000_000 + $0) + #",{"op":"commit","durable":true}"#, id: $0)
        }
        let start = now()
        for (index, client) in set.clients.enumerated() {
            client.queue(requests[index * transactions])
        }
        var complete = 0
        while complete < count {
            set.wait { index in
                let client = set.clients[index]
                if client.messageCount == transactions {
                    complete += 1
                } else {
                    client.queue(requests[index * transactions + client.messageCount])
                }
            }
        }
        print(format(Double(count * transactions) / (now() - start)))
    }

    // MARK: What the system says of a process

    private static func text(of path: String) -> String {
        var octets = [UInt8](repeating: 0, count: 8192)
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { fail("cannot read \(path)") }
        defer { close(descriptor) }
        let count = read(descriptor, &octets, 8192)
        return String(decoding: octets.prefix(max(0, count)), as: UTF8.self)
    }

    /// Kilobytes.
    private static func resident(_ pid: Int) -> Int {
        for line in text(of: "/proc/\(pid)/status").split(separator: "\n")
        where line.hasPrefix("VmRSS:") {
            return line.split(separator: " ").dropLast().last.flatMap { Int($0) } ?? 0
        }
        return 0
    }

    /// User and system time, in ticks of the clock.
    private static func processorTicks(_ pid: Int) -> Int {
        let fields = text(of: "/proc/\(pid)/stat").split(separator: ")").last?.split(separator: " ")
        guard let fields, fields.count > 12 else { return 0 }
        return (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
    }
}
