"""What a model asks for: parameters, KV cache, activations."""
