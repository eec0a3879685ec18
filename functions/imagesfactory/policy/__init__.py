"""The rules of the service as data, and the one validated reader of each file.

catalog.yaml    what can be asked for and what it costs, in points      -> :mod:`imagesfactory.policy.catalog`
retention.yaml  what is kept how long, and where it lives               -> :mod:`imagesfactory.policy.retention`
processors.yaml who works for us and what each receives                 -> :mod:`imagesfactory.policy.processors`
company.yaml    the company's legal facts and the relief bodies         -> :mod:`imagesfactory.policy.company`
"""
