// PacketFormats: see ARCHITECTURE.md.
