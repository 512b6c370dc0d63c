"""Who may do what, written down apart from the code, and the proof that taking a check away would be noticed."""
