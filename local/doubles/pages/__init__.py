"""The pages for people: what is running, the mailbox, the gallery."""
