"""Staff: the roles of the company's people, the log of every look at personal data, and lawful disclosures."""
