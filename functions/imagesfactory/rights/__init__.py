"""Rights: what members can do with the data we hold about them: see it, take it along, have it corrected or deleted.

my_page.py     everything held, by purpose and retention    export.py      asks for and makes the archive file
correction.py  data is not used until it is put right       letters.py     tells a change of consents
appeals.py     lets somebody join again who was kept out
"""
