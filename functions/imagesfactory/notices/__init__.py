"""Notices: the published privacy policy, as the code carries it out, and what is announced to members."""
