"""How often each variant is repeated: a fixed number, or until its verdict is settled."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

MOST = 10_000
FIRST_LOOKS = (5, 8, 12, 18)
"""Looks before the last. Below five differences Student's quantiles are out of all proportion."""
_APART = 1.25
"""How many times a later look the last has to be, for the two not to ask the same."""


def looks_from(first: int, most: int) -> tuple[int, ...]:
    """The numbers of replicates at which verdicts are taken.

    They are first, those of 8, 12 and 18 that lie between, from there on 27, 40, 60 and so on, each
    half as many again, while a quarter more lies below the most, and the most.
    """
    looks = [look for look in FIRST_LOOKS if first < look < most]
    later = FIRST_LOOKS[-1] * 3 // 2
    while later * _APART <= most:
        looks += [later] if later > first else []
        later = later * 3 // 2
    return (first, *looks, most)


class UntilSettled(BaseModel):
    """From so many replicates on, variants whose verdict is settled stop."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    first: int = Field(
        FIRST_LOOKS[0],
        alias="from",
        ge=FIRST_LOOKS[0],
        le=MOST,
        description="replicates that every variant has before verdicts are first taken",
    )
    most: int = Field(
        alias="to",
        ge=FIRST_LOOKS[0],
        le=MOST,
        description="replicates at most, after which a variant stays open",
    )

    @property
    def looks(self) -> tuple[int, ...]:
        """The numbers of replicates at which verdicts are taken."""
        return looks_from(self.first, self.most)


NUMBER, TABLE = "a number", "a table"


def _kind(value: Any) -> str:
    return TABLE if isinstance(value, dict | UntilSettled) else NUMBER


Replicates = Annotated[
    Annotated[int, Field(ge=1, le=MOST), Tag(NUMBER)] | Annotated[UntilSettled, Tag(TABLE)],
    Discriminator(_kind),
]
"""A number, or a table `{ from = 5, to = 30 }`."""
