// Classifier: see ARCHITECTURE.md.
