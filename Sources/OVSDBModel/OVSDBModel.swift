// OVSDBModel: see ARCHITECTURE.md.
