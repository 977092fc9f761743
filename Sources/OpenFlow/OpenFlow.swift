// OpenFlow: see ARCHITECTURE.md.
