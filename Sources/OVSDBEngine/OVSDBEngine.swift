// OVSDBEngine: see ARCHITECTURE.md.
