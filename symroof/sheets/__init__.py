"""Values with sources: chips, language models, number formats."""
