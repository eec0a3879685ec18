"""The Toss Payments double: confirm, look up, cancel, virtual accounts, transactions, webhooks. The vendor has none."""
