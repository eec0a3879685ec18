"""The chaos run: many members live at once while everything around them fails; then the truth page.

Everything that happens by choice is derived from one seed: who does what (``plan.story``) and what breaks when
(``plan.blows``). How the members' calls interleave is up to the machine.
"""
