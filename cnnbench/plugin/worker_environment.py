"""What a process that trains has to be told before a framework is imported."""

from __future__ import annotations


def worker_environment(device: str, threads: int) -> dict[str, str]:
    """Variables for a process that trains: thread pools, the allocator, no GPU for "cpu".

    What `Backend.environment` gives; one that needs more of its own adds it to these.
    """
    common = {
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        # Threads that wait by spinning for long steal the cores from whatever else runs: beside
        # three busy processes two threads then take 1.7 times as long, alone about the same.
        "GOMP_SPINCOUNT": "1000",
        # glibc would hand the memory of each step's large arrays back to the kernel and fault it
        # in again, page by page, at the next: 20 to 40 % of a small network's step.
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1),
        # A cuBLAS workspace of fixed size is what makes its sums come out the same every time.
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    }
    return common | ({"CUDA_VISIBLE_DEVICES": ""} if device == "cpu" else {})
