// Pipeline: see ARCHITECTURE.md.
