import Addresses
import FlowModel

/// `NORMAL`: what an Ethernet switch with VLANs does (IEEE 802.1Q).
extension Translation {
    func normal() {
        wildcards.ethernetSource = 0xffff_ffff_ffff
        wildcards.ethernetDestination = 0xffff_ffff_ffff
        wildcards.vlanTCI |= VLANBits.id | VLANBits.present
        guard let input = inputBundle else {
            trace.add(.error, "received packet on unknown port \(key.inPort)")
            trace.add(.warning, "no input bundle, dropping")
            return
        }
        let vid = key.vlanTCI & VLANBits.id
        if let refusal = input.refusal(vid: vid) {
            trace.add(.error, refusal)
            trace.add(.warning, "disallowed VLAN VID for this input port, dropping")
            return
        }
        let vlan = input.inputVLAN(vid: vid)
        let before = key.words[KeyWord.vlan]
        defer { key.words[KeyWord.vlan] = before }
        if input.vlanMode == .serviceTunnel {
            pushServiceTag(of: input)
        } else if key.innerVLANTCI & VLANBits.present != 0 {
            // Ports that strip tags ask for the customer's VLAN.
            wildcards.innerVLANTCI = .max
        }
        let destination = EthernetAddress(key.ethernetDestination)
        if destination.isReserved && !bridge.forwardsBPDUs {
            trace.add(.detail, "packet has reserved destination MAC, dropping")
            return
        }
        consultGratuitousARP(destination)
        learnSource(vlan, input)
        if !destination.isMulticast,
            let output = bridge.macTable.lookup(destination, vlan: vlan)
        {
            forward(to: output, from: input, vlan: vlan)
        } else {
            trace.add(.detail, "no learned MAC for destination, flooding")
            flood(from: input, vlan: vlan)
        }
    }

    /// Where the packet came in; controllers make packets up that came in nowhere.
    private var inputBundle: Bundle? {
        if let port = inputPort { return port.bundle }
        let number = PortNumber(UInt16(truncatingIfNeeded: key.inPort))
        return number == .none || number == .controller ? bridge.controllers : nil
    }

    /// Puts the tag of a service before those that the packet has.
    private func pushServiceTag(of input: Bundle) {
        key.words[KeyWord.vlan] >>= 32
        key.vlanTPID = input.serviceTPID
        key.vlanTCI = input.tag | VLANBits.present
    }

    /// Looks at what tells a gratuitous ARP packet from others.
    private func consultGratuitousARP(_ destination: EthernetAddress) {
        guard key.etherType == EtherType.arp, destination == .broadcast else { return }
        wildcards.ipProtocol = .max
        // A request is gratuitous if it asks for the sender's own address.
        if key.ipProtocol == 1 { wildcards.words[KeyWord.ipv4] = .max }
    }

    private func learnSource(_ vlan: UInt16, _ input: Bundle) {
        let source = EthernetAddress(key.ethernetSource)
        guard !source.isMulticast, !bridge.floodVLANs.contains(vlan),
            input !== bridge.controllers
        else { return }
        let entry = MACTable.Key(address: source, vlan: vlan)
        effects.append(.learned(bridge, entry, input))
        guard options.mayLearn else { return }
        if bridge.macTable.learn(source, vlan: vlan, on: input, now: options.now) {
            hasChangedState = true
            trace.add(
                .detail, "learned that \(source) is on port \(input.name) in VLAN \(vlan)")
        }
    }

    private func forward(to output: Bundle, from input: Bundle, vlan: UInt16) {
        guard output !== input else {
            trace.add(.detail, "learned port is input port, dropping")
            return
        }
        trace.add(.detail, "forwarding to learned port")
        send(to: output, vlan: vlan)
    }

    private func flood(from input: Bundle, vlan: UInt16) {
        let customer = key.innerVLANTCI & VLANBits.id
        let outputs = bridge.bundleOrder.filter { output in
            guard output !== input, output.includes(vlan: vlan, customer: customer),
                let port = output.ports.first
            else { return false }
            return !port.configuration.contains(.noFlood) && !port.isBare
        }
        let isLast = isLastAction
        for (index, output) in outputs.enumerated() {
            isLastAction = isLast && index == outputs.count - 1
            send(to: output, vlan: vlan)
        }
        isLastAction = isLast
    }

    /// Sends the packet out of a bundle with the tag that `vlan` has there.
    private func send(to output: Bundle, vlan: UInt16) {
        guard let port = output.ports.first else { return }
        let before = key.words[KeyWord.vlan]
        let vid = output.outputVID(vlan: vlan)
        let isTagged = key.vlanTCI & VLANBits.present != 0
        if vid != 0 || keepsPriorityTag(output, vlan: vlan) {
            if isTagged && vid != key.vlanTCI & VLANBits.id {
                wildcards.vlanTCI |= VLANBits.priority
            }
            key.vlanTCI = key.vlanTCI & VLANBits.priority | vid | VLANBits.present
            finishWrite(of: .vlanTCI)
        } else if isTagged {
            key.words[KeyWord.vlan] <<= 32
        }
        composeOutput(to: port.number)
        key.words[KeyWord.vlan] = before
    }

    /// Whether a packet of no VLAN keeps a tag for its priority: where all tags are kept if there
    /// is a priority, and elsewhere if the port asks for it.
    private func keepsPriorityTag(_ output: Bundle, vlan: UInt16) -> Bool {
        guard key.vlanTCI & VLANBits.present != 0 else { return false }
        let hasPriority = key.vlanTCI & VLANBits.priority != 0
        if !output.removesTag(vlan: vlan) { return hasPriority }
        guard output.priorityTags != .no else { return false }
        wildcards.vlanTCI |= VLANBits.priority
        return output.priorityTags == .always || hasPriority
    }
}
