// OpenFlowSession: see ARCHITECTURE.md.
