"""Commands that are more than one call: files from the command line, and the store of files."""
