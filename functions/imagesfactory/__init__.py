"""The backend of imagesfactory: everything Google receives, one room a folder.

The rooms, from the street inwards: ``doors`` (what Google can call), ``bootstrap`` (joins rooms to vendors),
``vendors`` (one module per outsider), the rooms of the business, ``policy`` (rules as data) and ``kit``.
"""
