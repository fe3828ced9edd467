"""Keras on TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf
from numpy.typing import NDArray

from cnnbench.plugin import (
    Batches,
    Engine,
    EpochResult,
    Model,
    Network,
    Optimization,
    PluginError,
    ResidentSplits,
    StepModel,
    Weights,
)
from cnnbench_keras._network import KerasNetwork, build_keras
from cnnbench_keras._optimizer import keras_optimizer


class TensorflowEngine(Engine):
    """TensorFlow on the CPU or on one GPU."""

    def __init__(self, device: str, threads: int, versions: Mapping[str, str]) -> None:
        self._gpu = device == "gpu"
        _take_devices(self._gpu, threads)
        self.versions = versions
        self.device = _gpu_name() if self._gpu else "cpu"
        self._resident = ResidentSplits(tf.constant, tf.gather) if self._gpu else None

    def build(
        self, network: Network, weights: Weights, optimization: Optimization, seed: int
    ) -> Model:
        """A model of its own; nothing of an earlier one is shared."""
        # Frees what earlier models left: graphs in cycles, kernels, names.
        keras.utils.clear_session()
        if self._gpu:
            tf.config.experimental.reset_memory_stats("GPU:0")
        built = build_keras(network, optimization, seed)
        built.set_weights(weights)
        return TensorflowModel(built, network, optimization, self._resident)

    def device_memory(self) -> int | None:
        """Peak bytes of the tensors on the GPU since the last build."""
        if not self._gpu:
            return None
        return int(tf.config.experimental.get_memory_info("GPU:0")["peak"])


def _take_devices(gpu: bool, threads: int) -> None:
    """Set what TensorFlow fixes at its first use. Raises PluginError where that was otherwise."""
    threading = tf.config.threading
    try:
        threading.set_intra_op_parallelism_threads(threads)
        threading.set_inter_op_parallelism_threads(1)
        if gpu:
            tf.config.experimental.enable_op_determinism()
        else:
            tf.config.set_visible_devices([], "GPU")
    except RuntimeError as error:
        raise PluginError(
            "TensorFlow already runs in this process with other threads or devices, and can't "
            "change them: open the backend in another process (the default executor does)"
        ) from error


def _gpu_name() -> str:
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        raise PluginError(
            'TensorFlow finds no GPU here: use device "cpu", or install tensorflow[and-cuda]'
        )
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))


class TensorflowModel(StepModel):
    """A graph each for a training step and a prediction, traced once for any number of images.

    XLA is left off, as Keras itself does on a CPU: there the graph's oneDNN kernels do a step of a
    small convnet in a third of its time, and a smaller last batch would be compiled again.
    """

    def __init__(
        self,
        built: KerasNetwork,
        network: Network,
        optimization: Optimization,
        resident: ResidentSplits | None,
    ) -> None:
        self.resident = resident
        self._built = built
        self._binary = network.output == "sigmoid"
        self._features = network.output == "features"
        self._trainable = list(built.model.trainable_variables)
        self._optimizer = _local(keras_optimizer(optimization))
        self._optimizer.build(self._trainable)
        images = tf.TensorSpec((None, *network.input_shape), tf.float32)
        labels, weights = tf.TensorSpec((None,), tf.int32), tf.TensorSpec((None,), tf.float32)
        if optimization.soft_labels:
            labels = tf.TensorSpec((None, network.classes), tf.float32)
        self._labels = labels
        self._train = tf.function(self._trace_step, input_signature=[images, labels, weights])
        self._predict = tf.function(self._trace_prediction, input_signature=[images])

    def compile(self, batches: Batches) -> None:
        """Trace both graphs and run them once, which optimises them; then put all state back."""
        variables = (*self._built.model.variables, *self._optimizer.variables)
        values = [variable.numpy() for variable in variables]
        size = min(batches.batch_size, batches.size)
        images = tf.zeros((size, *self._built.model.input_shape[1:]))
        labels = tf.zeros((size, *self._labels.shape[1:]), self._labels.dtype)
        self._train(images, labels, tf.zeros(size))
        self._predict(images)
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    def synchronize(self) -> None:
        """Wait for the GPU."""
        if self.resident is not None:
            tf.test.experimental.sync_devices()

    def get_weights(self) -> Weights:
        """Every array, copied."""
        return self._built.get_weights()

    def set_weights(self, weights: Weights) -> None:
        """Replace every array."""
        self._built.set_weights(weights)

    def put(self, array: NDArray[Any]) -> Any:
        """The array on the device."""
        return tf.constant(array)

    def fetch(self, arrays: Sequence[Any]) -> list[NDArray[Any]]:
        """Arrays from the device, which are waited for."""
        return [array.numpy() for array in arrays]

    def train_epoch(self, batches: Batches, learning_rate: float) -> EpochResult:
        """Take one optimiser step a batch, all with this learning rate."""
        self._optimizer.learning_rate = learning_rate
        return super().train_epoch(batches, learning_rate)

    def train_step(self, images: Any, labels: Any, weights: Any) -> Any:
        """One optimiser step; its totals stay on the device."""
        return self._train(images, labels, weights)

    def predict_step(self, images: Any, batch_size: int) -> Any:  # noqa: ARG002 - any size will do
        """Probabilities of one batch."""
        return self._predict(images)

    def gradient_step(self, images: Any, slopes: Any) -> Any:
        """By the images of one batch."""
        with tf.GradientTape() as tape:
            tape.watch(images)
            scores = self._built.model(images, training=False)
        return tape.gradient(scores, images, output_gradients=slopes)

    def _trace_step(self, images: Any, labels: Any, weights: Any) -> Any:
        tensors = [variable.value for variable in self._trainable]
        with tf.GradientTape() as tape:
            scores = self._built.model(images, training=True)
            losses, correct = _judge(scores, labels, self._binary)
            loss = tf.reduce_sum(losses * weights)
            penalty = tf.zeros(())
            for name, regularizer in self._built.penalties.items():
                penalty += regularizer(self._built.variables[name])
            objective = loss / tf.cast(tf.shape(images)[0], tf.float32) + penalty
        gradients = tape.gradient(objective, tensors)
        if gradients:
            self._optimizer.apply(gradients, self._trainable)
        return tf.stack([loss, penalty, correct])

    def _trace_prediction(self, images: Any) -> Any:
        scores = self._built.model(images, training=False)
        if self._features:
            return scores
        return tf.sigmoid(scores) if self._binary else tf.nn.softmax(scores)


def _local(optimizer: Any) -> Any:
    """The optimiser without its sum over replicas, of which there is one.

    TensorFlow registers a gradient function for that sum, never to be removed, which would hold
    the graph of every model as long as the process lives, 4 MB each.
    """
    optimizer._all_reduce_sum_gradients = _same  # noqa: SLF001 - Keras has no public switch
    return optimizer


def _same(gradients_and_variables: Any) -> Any:
    return gradients_and_variables


def _judge(scores: Any, labels: Any, binary: bool) -> tuple[Any, Any]:
    """The loss of each image, and how many scores are highest for their label."""
    soft = labels.shape.rank > 1
    likely = tf.argmax(labels, axis=-1, output_type=tf.int32) if soft else labels
    if binary:
        scores, ones = scores[:, 0], labels[:, 1] if soft else labels
        losses = tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(ones, scores.dtype), scores)
        guesses = tf.cast(scores > 0, likely.dtype)
    else:
        if soft:
            losses = tf.nn.softmax_cross_entropy_with_logits(labels, scores)
        else:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores)
        guesses = tf.argmax(scores, axis=-1, output_type=likely.dtype)
    return losses, tf.reduce_sum(tf.cast(guesses == likely, tf.float32))
