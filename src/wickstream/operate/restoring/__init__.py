"""What a proof found damaged, brought back from what can be proven right."""
