"""The VGG16 convolution base in the words of the frameworks it is compared with.

Weights come from the model cache (`pomona models fetch vgg16`), so every system computes the same network.
"""

import json
import os
import pathlib

import numpy as np

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
BGR_MEAN = (103.939, 116.779, 123.68)


def cache_file():
    """Return the path of the cached VGG16 weights, a safetensors file."""
    folder = os.environ.get("POMONA_MODELS")
    if not folder:
        cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
        folder = pathlib.Path(cache) / "pomona" / "models"
    files = sorted(pathlib.Path(folder).glob("vgg16/**/*.safetensors"))
    if not files:
        raise SystemExit(f"no VGG16 weights in {folder}: run `pomona models fetch vgg16` first")
    return files[0]


def load():
    """Return {layer name: (kernel HWIO float32, bias float32)} in the order of the network."""
    data = cache_file().read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            values = np.frombuffer(data[8 + size + first : 8 + size + last], "<f4")
            tensors[name] = values.reshape(entry["shape"])
    names = [f"block{b}_conv{c}" for b, (_, convs) in enumerate(BLOCKS, 1) for c in range(1, convs + 1)]
    return {name: (tensors[f"{name}/kernel"], tensors[f"{name}/bias"]) for name in names}


def keras_model(size, weights):
    """Build Keras' own VGG16 without its dense layers, with global max pooling and the given weights."""
    from tensorflow import keras

    model = keras.applications.VGG16(weights=None, include_top=False, pooling="max", input_shape=(size, size, 3))
    for name, arrays in weights.items():
        model.get_layer(name).set_weights(arrays)
    return model


def torch_model(weights):
    """Build the network as a torch module that takes normalised NCHW float32."""
    import torch

    layers = []
    for block, (_, convs) in enumerate(BLOCKS, 1):
        for conv in range(1, convs + 1):
            kernel, bias = weights[f"block{block}_conv{conv}"]
            layer = torch.nn.Conv2d(kernel.shape[2], kernel.shape[3], 3, padding=1)
            layer.weight.data = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
            layer.bias.data = torch.from_numpy(bias.copy())
            layers += [layer, torch.nn.ReLU(inplace=True)]
        layers.append(torch.nn.MaxPool2d(2))
    layers += [torch.nn.AdaptiveMaxPool2d(1), torch.nn.Flatten()]
    return torch.nn.Sequential(*layers).eval()


def onnx_model(weights):
    """Build the network as a serialised ONNX graph that takes normalised NCHW float32, any batch and size."""
    from onnx import TensorProto, helper, numpy_helper

    nodes, tensors, value = [], [], "pixels"
    for block, (_, convs) in enumerate(BLOCKS, 1):
        for conv in range(1, convs + 1):
            name = f"block{block}_conv{conv}"
            kernel, bias = weights[name]
            tensors.append(numpy_helper.from_array(kernel.transpose(3, 2, 0, 1).copy(), f"{name}.kernel"))
            tensors.append(numpy_helper.from_array(bias.copy(), f"{name}.bias"))
            nodes.append(helper.make_node("Conv", [value, f"{name}.kernel", f"{name}.bias"], [name], pads=[1, 1, 1, 1]))
            nodes.append(helper.make_node("Relu", [name], [f"{name}.relu"]))
            value = f"{name}.relu"
        nodes.append(helper.make_node("MaxPool", [value], [f"pool{block}"], kernel_shape=[2, 2], strides=[2, 2]))
        value = f"pool{block}"
    nodes.append(helper.make_node("GlobalMaxPool", [value], ["map"]))
    nodes.append(helper.make_node("Flatten", ["map"], ["features"]))
    graph = helper.make_graph(
        nodes,
        "vgg16",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", 512])],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    return model.SerializeToString()
