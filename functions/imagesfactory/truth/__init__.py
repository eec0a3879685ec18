"""The operator's truth page: whether anything was lost, minted or forgotten, each question with its verdict.

Two depths. The page (``service``) asks what a database answers without reading records: sums, counts, and whether
anything lies past its deadline; its cost does not grow with the members. The audit (``audit``) reads everything, page
by page, for a command at night. What each verdict means and what to do about it: docs/truth.md.
"""
