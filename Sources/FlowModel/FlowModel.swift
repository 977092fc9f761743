// FlowModel: see ARCHITECTURE.md.
