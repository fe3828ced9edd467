"""What a plugin author imports. A quick start follows once the manager is in place."""
