"""What sets a trial apart that is trained for others: an ensemble, a tuned variant, a base."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Member(BaseModel):
    """A network of an ensemble, a candidate of a tuned variant, or a base that others start from.

    number: its seeds are its own, but for those of number 0, which has the variant's, and for the
    split, which all share. bootstrap: whether its training images are drawn from the variant's with
    replacement. part: (i, n) where part i of n of the training images is held out, and tested on in
    place of the test images. candidate: which one of a tuned variant; what it computes is that of
    its settings, so that it adds nothing to an identity. base: the name of the section that it is
    trained for, "" of any other; the name adds nothing to its identity, that it is a base does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    number: int = 0
    bootstrap: bool = False
    part: tuple[int, int] | None = None
    candidate: int | None = None
    base: str = ""

    @property
    def identity(self) -> list[object]:
        """What it adds to a trial's identity: nothing where it is the variant's own trial."""
        if self.base:
            return ["base"]
        plain = self.model_copy(update={"candidate": None})
        own = plain == Member()
        return [] if own else [plain.model_dump(mode="json", exclude={"candidate", "base"})]

    @property
    def label(self) -> str:
        """Which one, for people."""
        if self.base:
            return f"base {self.base}"
        if self.candidate is not None:
            return f"candidate {self.candidate + 1}"
        if self.part:
            return f"without part {self.part[0] + 1} of {self.part[1]}"
        return f"network {self.number + 1}"
