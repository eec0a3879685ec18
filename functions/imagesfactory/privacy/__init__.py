"""Privacy: the register of misuse; withdrawal, rights, archive and purge belong here as well."""
