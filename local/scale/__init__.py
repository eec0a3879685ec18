"""What the backend costs and where its first limit is, from a thousand to fifty million members.

figures.yaml  prices, limits, habits of members, what one act costs: every number with its source
demand.py     how much of everything so many members ask for       day.py     one day of the image queue, by the minute
costs.py      what it costs a month                                limits.py  how much of each limit it takes
page.py       docs/scale.md with its plots
"""
