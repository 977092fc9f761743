import Glibc

let usage = """
    usage: measure frames DEVICE SOURCE DESTINATION SECONDS FLOWS
             sends 60-byte UDP frames as fast as one thread can; prints how many it sent
           measure live-frames DEVICE SOURCE DESTINATION SECONDS FLOWS
             makes the kernel send such frames by XDP, at a tenth of the cost; prints nothing
           measure live-connections DEVICE SOURCE DESTINATION SECONDS FLOWS
             the same with first segments of ever new TCP connections; FLOWS means nothing
           measure sink DEVICE
             drops all that arrives at the device until it is ended; says "ready" first
           measure command TIMES COMMAND [ARGUMENT]...
             runs a command; prints the median milliseconds and the greatest resident kilobytes
           measure median NUMBER...

    """ + Translations.usage + ControllerLoad.usage + DatabaseLoad.usage

/// Writes to standard error.
func complain(_ text: String) {
    _ = text.withCString { write(2, $0, strlen($0)) }
}

/// Ends with a sentence and status 1.
func fail(_ sentence: String) -> Never {
    complain("measure: \(sentence)\n")
    exit(1)
}

let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "frames" where arguments.count == 7:
    guard let source = parseEthernet(arguments[3]), let destination = parseEthernet(arguments[4]),
        let seconds = Double(arguments[5]), let flows = Int(arguments[6]), flows > 0
    else { fail("not two Ethernet addresses, seconds and a number of flows") }
    let generator = FrameGenerator(
        device: arguments[2], source: source, destination: destination, flows: flows
    )
    print(generator.run(seconds: seconds))
case "live-frames" where arguments.count == 7:
    guard let source = parseEthernet(arguments[3]), let destination = parseEthernet(arguments[4]),
        let seconds = Double(arguments[5]), let flows = Int(arguments[6])
    else { fail("not two Ethernet addresses, seconds and a number of flows") }
    let generator = LiveFrameGenerator(
        device: arguments[2], source: source, destination: destination, flows: flows
    )
    generator.run(seconds: seconds)
case "live-connections" where arguments.count == 7:
    guard let source = parseEthernet(arguments[3]), let destination = parseEthernet(arguments[4]),
        let seconds = Double(arguments[5])
    else { fail("not two Ethernet addresses and seconds") }
    let generator = LiveFrameGenerator(
        connectionsOn: arguments[2], source: source, destination: destination)
    generator.run(seconds: seconds)
case "sink" where arguments.count == 3:
    BPF.sink(device: arguments[2])
    print("ready")
    fflush(nil)
    while true { pause() }
case "command" where arguments.count >= 4:
    guard let times = Int(arguments[2]), times > 0 else { fail("not a number of times") }
    let runs = (0..<times).map { _ in measureCommand(Array(arguments[3...])) }
    let time = median(runs.map(\.milliseconds))
    print(format(time), runs.map(\.kilobytes).max() ?? 0)
case "median" where arguments.count > 2:
    print(format(median(arguments[2...].compactMap { Double($0) })))
case "rules" where arguments.count == 4:
    guard let count = Int(arguments[2]), let subtables = Int(arguments[3]), subtables > 0 else {
        fail("not a number of rules and of subtables")
    }
    Translations(count: count, subtables: subtables).printRules()
case "translations" where arguments.count == 6:
    guard let count = Int(arguments[4]), let subtables = Int(arguments[5]), subtables > 0 else {
        fail("not a number of rules and of subtables")
    }
    Translations(count: count, subtables: subtables).run(
        into: arguments[2], outOf: arguments[3])
default:
    guard arguments.count > 2, ControllerLoad.run(arguments) || DatabaseLoad.run(arguments) else {
        complain(usage)
        exit(2)
    }
}

/// The middle of `values`, or the mean of the two in the middle.
func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { fail("no numbers") }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// `value` with three decimals.
func format(_ value: Double) -> String {
    let thousandths = Int((value * 1000).rounded())
    let decimals = String(thousandths % 1000)
    return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - decimals.count) + decimals
}

/// Six octets from `xx:xx:xx:xx:xx:xx`.
func parseEthernet(_ text: String) -> [UInt8]? {
    let octets = text.split(separator: ":").compactMap { UInt8($0, radix: 16) }
    return octets.count == 6 ? octets : nil
}

/// Seconds of the monotonic clock.
func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
