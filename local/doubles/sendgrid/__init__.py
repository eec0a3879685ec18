"""The double of SendGrid: mail send, suppressions, erasure, signed events, and a mailbox to look at."""
