"""What the law of each country gives as time to tell of a breach and to answer a person, as dated data."""
