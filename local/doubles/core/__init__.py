"""What every provider double shares: the journal, the faults, the wire and the control API."""
