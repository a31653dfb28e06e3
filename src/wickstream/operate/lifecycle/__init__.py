"""What storage needs from time to time: what is old goes, once it is proven to be elsewhere; the rest is in order."""
