"""Networks that turn aligned faces into embeddings."""
