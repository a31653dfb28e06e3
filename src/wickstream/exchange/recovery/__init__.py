"""What is asked for missing ids, rung after rung."""
