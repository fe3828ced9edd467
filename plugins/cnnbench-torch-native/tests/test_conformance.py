from cnnbench.testing import BackendSuite


class TestTorchNative(BackendSuite):
    backend = "torch-native"
