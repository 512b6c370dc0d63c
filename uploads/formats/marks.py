"""Signs that the process that opens files leaves in the text for whoever reads its rows."""

#: Before a line that is no record: the character that stands for one that could not be read.
UNREADABLE = "\x1a"
