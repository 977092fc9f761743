"""A learning switch of os-ken for any version of OpenFlow, which VERSION names (10 to 15)."""

import os

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.lib.packet import ethernet, packet


class LearningSwitch(app_manager.OSKenApp):
    """Sends each packet where its destination was last seen, and lets the switch do so."""

    OFP_VERSIONS = [int(os.environ["VERSION"]) - 9]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.places = {}

    def add_flow(self, datapath, priority, match, actions):
        """Adds a rule; what it does is said by instructions from OpenFlow 1.1 on."""
        ofproto, parser = datapath.ofproto, datapath.ofproto_parser
        if ofproto.OFP_VERSION == 1:
            behavior = {"actions": actions, "cookie": 0, "command": ofproto.OFPFC_ADD}
        else:
            behavior = {
                "instructions": [
                    parser.OFPInstructionActions(ofproto.OFPIT_APPLY_ACTIONS, actions)
                ]
            }
        datapath.send_msg(
            parser.OFPFlowMod(datapath=datapath, priority=priority, match=match, **behavior))

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def connected(self, event):
        """From OpenFlow 1.3 on, packets without a rule come only if a rule says so."""
        datapath = event.msg.datapath
        ofproto, parser = datapath.ofproto, datapath.ofproto_parser
        if ofproto.OFP_VERSION >= 4:
            actions = [parser.OFPActionOutput(ofproto.OFPP_CONTROLLER, ofproto.OFPCML_NO_BUFFER)]
            self.add_flow(datapath, 0, parser.OFPMatch(), actions)

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def arrived(self, event):
        """Learns the source, and answers with a rule if the destination is known."""
        message = event.msg
        datapath = message.datapath
        ofproto, parser = datapath.ofproto, datapath.ofproto_parser
        is_first = ofproto.OFP_VERSION == 1
        port = message.in_port if is_first else message.match["in_port"]
        header = packet.Packet(message.data).get_protocol(ethernet.ethernet)
        self.places[header.src] = port
        output = self.places.get(header.dst, ofproto.OFPP_FLOOD)
        actions = [parser.OFPActionOutput(output)]
        if output != ofproto.OFPP_FLOOD:
            names = ("dl_dst", "dl_src") if is_first else ("eth_dst", "eth_src")
            addresses = dict(zip(names, (header.dst, header.src)))
            match = parser.OFPMatch(in_port=port, **addresses)
            self.add_flow(datapath, 7, match, actions)
        has_buffer = message.buffer_id != ofproto.OFP_NO_BUFFER
        sent = {"buffer_id": message.buffer_id, "actions": actions}
        sent["data"] = None if has_buffer else message.data
        if ofproto.OFP_VERSION < 6:
            sent["in_port"] = port
        else:
            sent["match"] = parser.OFPMatch(in_port=port)
        datapath.send_msg(parser.OFPPacketOut(datapath=datapath, **sent))
