"""What a checked submission, or a decision, does to what stands; a module for each form."""
