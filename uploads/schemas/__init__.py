"""The columns each kind of file may have, one module per kind."""
