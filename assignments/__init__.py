"""Cases, who works them, what came back and what is owed.

A creditor's accepted rows become cases; cases are placed with agencies under a mandate's frozen version; the agencies'
reports become activities and payments; payments are booked on the ledger with their commission; from all of it the
facts are gathered by which agencies are compared.
"""
