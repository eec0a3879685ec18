"""How often: allowances of members, network addresses, contacts and orders. Knows no function's meaning."""
