"""Links to one finished export each, for people without an account. A link gives that file and nothing else."""
