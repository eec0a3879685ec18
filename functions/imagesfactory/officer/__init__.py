"""The officer: what the privacy officer does to a member, or for one who asks: suspend, reinstate,
look up, export, withdraw.
"""
