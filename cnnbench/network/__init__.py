"""Networks as plain values: described by recipes, built by backends, known without a framework."""
