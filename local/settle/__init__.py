"""Shows the daily settlement at a terminal, and has it made where there is none yet."""
