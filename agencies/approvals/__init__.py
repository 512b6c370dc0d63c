"""What one person asks for and another one of the same organisation must approve before it is done."""
