"""What only instructors run: verify hand-ins, make editions, render the answers."""
