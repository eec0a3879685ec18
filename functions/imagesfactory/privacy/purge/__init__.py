"""The purge: every day it destroys whatever is due, wherever the registry says records live, and leaves evidence."""
