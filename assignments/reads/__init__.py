"""Who was shown which debtors' personal data, and what for."""
