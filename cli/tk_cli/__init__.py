"""The `tk` command: finds the plugins' commands and mounts the one that was asked for."""
