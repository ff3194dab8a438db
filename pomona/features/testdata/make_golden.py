"""Writes golden.safetensors: features that TensorFlow computes from a few sample photos.

Run by `./dev golden`. The file also holds the resized pixels, so that the tests need neither a decoder nor Pillow.
Beside it lie small files that tests and fuzz targets read: a SavedModel, and weights in both formats.
"""

import json
import os
import struct
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import h5py
import numpy as np
import tensorflow as tf
from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[3]
PHOTOS = ["Test/Banana/12_100.jpg", "Test/Kiwi/r_45_100.jpg"]
SIZES = [(100, 100), (224, 224), (150, 97)]  # width, height
SHA256 = "d9a27cc1fc7f975ef8cff49180e794ccd7c4bc868ebb49740803b3bbaa8dbefd"
TYPES = {np.dtype("float32"): "F32", np.dtype("uint8"): "U8"}


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    names = {name: dtype for dtype, name in TYPES.items()}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[begin:end], names[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def write_safetensors(path, tensors, metadata):
    header, place = {"__metadata__": metadata}, 0
    for name, array in tensors.items():
        header[name] = {
            "dtype": TYPES[array.dtype],
            "shape": array.shape,
            "data_offsets": [place, place + array.nbytes],
        }
        place += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % 64)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in tensors.values():
            file.write(array.tobytes())


def model_cache():
    if folder := os.environ.get("POMONA_MODELS"):
        return Path(folder)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "pomona" / "models"


def load_weights(model):
    """Sets the weights from the model cache, or from the Keras file beside the repository."""
    cached = model_cache() / "vgg16" / f"{SHA256}.safetensors"
    if cached.exists():
        tensors = read_safetensors(cached)
        for layer in model.layers:
            if "_conv" in layer.name:
                layer.set_weights([tensors[f"{layer.name}/kernel"], tensors[f"{layer.name}/bias"]])
        return
    folder = Path(os.environ.get("POMONA_TEST_MODELS") or REPOSITORY / "../shared/models")
    files = sorted(folder.glob("vgg16-imagenet-notop/*.h5"))
    if not files:
        raise SystemExit(
            f"no VGG16 weights: neither {cached} nor {folder}/vgg16-imagenet-notop; run: pomona models fetch vgg16"
        )
    model.load_weights(str(files[0]))


def vgg16_features(pixels, pooling):
    height, width = pixels.shape[1:3]
    model = tf.keras.applications.VGG16(
        weights=None, include_top=False, pooling=pooling, input_shape=(height, width, 3)
    )
    load_weights(model)
    return model(tf.keras.applications.vgg16.preprocess_input(pixels.astype("float32")), training=False).numpy()


def mobilenet_features(pixels):
    """The global average that the embedded TensorFlow Lite model computes before its dense layers."""
    model = REPOSITORY / "pomona/models/embedded/mobilenetv2-0.35.tflite"
    interpreter = tf.lite.Interpreter(str(model), experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    node = next(tensor for tensor in interpreter.get_tensor_details() if tensor["name"] == "tfl.mean")
    rows = []
    for image in pixels:
        value = (image[None].astype("float32") - np.float32(127.5)) / np.float32(127.5)
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], value)
        interpreter.invoke()
        rows.append(interpreter.get_tensor(node["index"]).copy())
    return np.concatenate(rows)


def write_saved_model(folder):
    """A SavedModel of one 1 x 1 convolution: twice the first channel; the sum of the other two."""
    convolution = tf.Module()
    convolution.kernel = tf.Variable(np.array([[2, 0], [0, 1], [0, 1]], "float32").reshape(1, 1, 3, 2))

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32, name="image")])
    def call(image):
        return {"map": tf.nn.conv2d(image, convolution.kernel, 1, "SAME")}

    convolution.call = call
    tf.saved_model.save(convolution, str(folder), signatures=call)
    (folder / "fingerprint.pb").unlink()  # differs from run to run; nobody needs it


def write_seeds(folder):
    """Small files of both formats of weights, which the fuzz targets start from."""
    kernel, bias = np.arange(4, dtype="float32").reshape(1, 1, 2, 2), np.zeros(2, "float32")
    write_safetensors(folder / "small.safetensors", {"conv/kernel": kernel, "conv/bias": bias}, {"format": "1"})
    with h5py.File(folder / "small.h5", "w") as file:
        file.attrs["layer_names"] = np.array([b"input", b"conv"])
        file.create_group("input").attrs["weight_names"] = np.array([], "S1")
        layer = file.create_group("conv")
        layer.attrs["weight_names"] = np.array([b"kernel:0", b"bias:0"])
        layer["kernel:0"], layer["bias:0"] = kernel, bias


def main():
    folder = Path(__file__).parent
    write_saved_model(folder / "saved_model")
    write_seeds(folder)
    tensors = {}
    for width, height in SIZES:
        size = f"{width}x{height}"
        images = []
        for photo in PHOTOS:
            with Image.open(REPOSITORY / "examples/fruits" / photo) as image:
                images.append(np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)))
        pixels = np.stack(images)
        tensors[f"pixels/{size}"] = pixels
        for pooling in ("max", "avg"):
            tensors[f"vgg16/{size}/{pooling}"] = vgg16_features(pixels, pooling)
    tensors["mobilenetv2-0.35/224x224"] = mobilenet_features(tensors["pixels/224x224"])
    path = Path(__file__).with_name("golden.safetensors")
    write_safetensors(path, tensors, {"photos": ", ".join(PHOTOS), "tensorflow": tf.__version__})
    print(f"{path.relative_to(REPOSITORY)}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
