"""What I share: reads every library into the index and answers from it."""
