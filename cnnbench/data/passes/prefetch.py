"""Items made ahead in a thread while the consumer works on the one before."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from queue import Empty, Queue
from typing import Generic, TypeVar

Item = TypeVar("Item")


class _End:
    """The last thing in the queue. error: what ended the iterator early, None at its end."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _Producer(threading.Thread, Generic[Item]):
    def __init__(self, items: Iterator[Item], ahead: int) -> None:
        super().__init__(name="cnnbench-prefetch", daemon=True)
        self._items = items
        self._stopped = threading.Event()
        self.made: Queue[Item | _End] = Queue(maxsize=ahead)

    def run(self) -> None:
        error: BaseException | None = None
        try:
            for item in self._items:
                self.made.put(item)
                if self._stopped.is_set():
                    return
        except BaseException as caught:  # noqa: BLE001 - raised again where the items are consumed
            error = caught
        self.made.put(_End(error))

    def stop(self) -> None:
        """End the thread; waits for the item it is making.

        A put that waits for room is freed by emptying the queue; after it the thread sees the flag.
        """
        self._stopped.set()
        try:
            while True:
                self.made.get_nowait()
        except Empty:
            self.join()


def prefetch(items: Iterator[Item], ahead: int = 2) -> Generator[Item, None, None]:
    """Yield the items of an iterator that runs in a thread, up to `ahead` of them made in advance.

    What the iterator raises is raised here. When this generator is closed or collected, the thread
    has ended.
    """
    producer = _Producer(items, ahead)
    producer.start()
    try:
        while not isinstance(item := producer.made.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        producer.stop()
