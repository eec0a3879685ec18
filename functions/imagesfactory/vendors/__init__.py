"""One module per outsider: its SDK (imported on first use), its time limits and its table of errors."""
