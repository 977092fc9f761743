// OVSDBClient: see ARCHITECTURE.md.
