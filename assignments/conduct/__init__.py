"""How reported activities stand against the contact law of the debtor's country."""
