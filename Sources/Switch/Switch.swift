// Switch: see ARCHITECTURE.md.
