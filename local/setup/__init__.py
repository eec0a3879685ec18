"""Brings a fresh clone to work: the Python and Node packages, and the folder that firebase-tools wants."""
