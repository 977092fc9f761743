// FlowSyntax: see ARCHITECTURE.md.
