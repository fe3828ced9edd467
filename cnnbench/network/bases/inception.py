"""Inception v3 (Szegedy et al. 2016), whose convolutions Keras names by their number."""

from __future__ import annotations

from cnnbench.network.bases.builder import Builder
from cnnbench.network.layers import INPUT
from cnnbench.network.network import Network

Kernel = int | tuple[int, int]


def inception_v3(
    input_shape: tuple[int, int, int], *, top: bool = False, classes: int = 1000
) -> Network:
    """Eleven mixed blocks."""
    b = _Inception(input_shape)
    x = b.unit(INPUT, 32, 3, stride=2, padding="valid")
    x = b.unit(x, 32, 3, padding="valid")
    x = b.pool(b.unit(x, 64, 3), 3)
    x = b.unit(x, 80, 1, padding="valid")
    x = b.pool(b.unit(x, 192, 3, padding="valid"), 3)
    for number, pooled in enumerate((32, 64, 64)):
        x = b.side_by_side(
            b.unit(x, 64, 1),
            b.chain(x, (48, 1), (64, 5)),
            b.chain(x, (64, 1), (96, 3), (96, 3)),
            b.averaged(x, pooled),
            name=f"mixed{number}",
        )
    x = b.side_by_side(
        b.unit(x, 384, 3, stride=2, padding="valid"),
        b.halved(b.chain(x, (64, 1), (96, 3)), 96),
        b.pool(x, 3),
        name="mixed3",
    )
    for number, width in enumerate((128, 160, 160, 192), 4):
        x = b.side_by_side(
            b.unit(x, 192, 1),
            b.chain(x, (width, 1), (width, (1, 7)), (192, (7, 1))),
            b.chain(
                x, (width, 1), *[(width, (7, 1)), (width, (1, 7))], (width, (7, 1)), (192, (1, 7))
            ),
            b.averaged(x, 192),
            name=f"mixed{number}",
        )
    x = b.side_by_side(
        b.halved(b.unit(x, 192, 1), 320),
        b.halved(b.chain(x, (192, 1), (192, (1, 7)), (192, (7, 1))), 192),
        b.pool(x, 3),
        name="mixed8",
    )
    for number in range(2):
        one = b.unit(x, 320, 1)
        three = b.forked(b.unit(x, 384, 1), f"mixed9_{number}")
        double = b.forked(b.chain(x, (448, 1), (384, 3)), "")
        x = b.side_by_side(one, three, double, b.averaged(x, 192), name=f"mixed{9 + number}")
    return b.network(x, top=top, classes=classes)


class _Inception(Builder):
    """The units that the blocks are made of."""

    def unit(
        self, x: str, filters: int, kernel: Kernel, *, stride: int = 1, padding: str = "same"
    ) -> str:
        """A convolution, normalised."""
        x = self.conv(x, filters, kernel, stride=stride, padding=padding)
        return self.activate(self.norm(x, scale=False), "relu")

    def chain(self, x: str, *units: tuple[int, Kernel]) -> str:
        """Units one after the other."""
        for filters, kernel in units:
            x = self.unit(x, filters, kernel)
        return x

    def halved(self, x: str, filters: int) -> str:
        """Half the height and width."""
        return self.unit(x, filters, 3, stride=2, padding="valid")

    def averaged(self, x: str, filters: int) -> str:
        """A unit of the means of the pixels around each."""
        x = self.pool(x, 3, kind="average", stride=1, padding="same")
        return self.unit(x, filters, 1)

    def forked(self, x: str, name: str) -> str:
        """A row and a column of pixels."""
        return self.side_by_side(self.unit(x, 384, (1, 3)), self.unit(x, 384, (3, 1)), name=name)
