"""Gives and takes the roles of staff, at a terminal."""
