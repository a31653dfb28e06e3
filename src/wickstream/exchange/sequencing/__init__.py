"""Pure: order, holes, minutes and marks. The clock is an argument."""
