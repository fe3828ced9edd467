"""What sets a trial apart that is trained for an ensemble."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Member(BaseModel):
    """A network of an ensemble.

    number: its seeds are its own, but for those of number 0, which has the variant's, and for the
    split, which all share. bootstrap: whether its training images are drawn from the variant's with
    replacement. part: (i, n) where part i of n of the training images is held out, and tested on in
    place of the test images.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    number: int = 0
    bootstrap: bool = False
    part: tuple[int, int] | None = None

    @property
    def identity(self) -> list[object]:
        """What it adds to a trial's identity: nothing where it is the variant's own trial."""
        return [self.model_dump(mode="json")] if self != Member() else []

    @property
    def label(self) -> str:
        """Which one, for people."""
        if self.part:
            return f"without part {self.part[0] + 1} of {self.part[1]}"
        return f"network {self.number + 1}"
