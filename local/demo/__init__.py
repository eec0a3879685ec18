"""One member's story, played on the whole backend through the doors that client apps use."""
