"""Do backends agree? One trial taken apart on each of them, and a judgement in sentences."""
