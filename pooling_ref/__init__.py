"""The hidden side: the reference, the checks that hidden tests call, and the mistakes they recognise."""
