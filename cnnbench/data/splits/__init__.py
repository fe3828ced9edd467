"""Which images a trial trains on, validates with and is tested on."""
