// LinuxPorts: see ARCHITECTURE.md.
