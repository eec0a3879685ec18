"""Shows the truth page at a terminal, and reads everything for the questions that need it."""
