"""Accounts: the sign-up gate, profiles, consents and the visit log."""
