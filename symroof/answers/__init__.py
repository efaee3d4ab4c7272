"""What the command line is asked, answered: each question a document, ready for every form."""
