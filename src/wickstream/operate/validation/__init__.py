"""Whether what is stored is what it should be, said with the rows that are not."""
