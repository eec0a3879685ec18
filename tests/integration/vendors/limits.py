"""How long the tests let the vendors wait."""

LONG_SECONDS = 60.0
"""For calls that answer: no test waits for it."""
SHORT_SECONDS = 0.3
"""For calls that are held: the double never answers them in time, however fast or slow the machine is."""
PROJECT = "demo-vendors"
