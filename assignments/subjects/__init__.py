"""What a person may ask about its own data: to see, mend, erase, oppose; and what keeps it from being erased."""
