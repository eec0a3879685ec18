"""Shows at a terminal what the purge has to do, what it would do now, and whether its evidence is whole."""
