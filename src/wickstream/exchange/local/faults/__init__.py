"""What goes wrong on the local exchange, when, and who carries it out."""
