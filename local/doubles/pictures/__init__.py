"""Draws the test pictures: real files of the asked size and format, plainly labelled as such."""
