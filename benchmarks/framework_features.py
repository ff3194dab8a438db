"""VGG16 features of a folder of photos by TensorFlow, ONNX Runtime or PyTorch, decode included.

Prints one JSON object: images, seconds (the model built and warmed up before the clock starts), images_per_second and
the peak resident size. Each framework reads ahead while it computes and uses the threads it is given.
"""

import argparse
import json
import pathlib
import queue
import resource
import threading
import time

import numpy as np
import vgg16_weights
from PIL import Image

BATCH = 32


def decode(path, size):
    """Return one photo as (size, size, 3) uint8, resized as Pomona resizes."""
    image = Image.open(path).convert("RGB")
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(image)


def batches(paths, size, layout):
    """Yield preprocessed batches, decoded ahead by a thread."""
    ahead = queue.Queue(maxsize=4)

    def read():
        mean = np.array(vgg16_weights.BGR_MEAN, np.float32)
        for first in range(0, len(paths), BATCH):
            pixels = np.stack([decode(path, size) for path in paths[first : first + BATCH]])
            values = pixels[..., ::-1].astype(np.float32) - mean
            ahead.put(np.ascontiguousarray(values.transpose(0, 3, 1, 2)) if layout == "NCHW" else values)
        ahead.put(None)

    threading.Thread(target=read, daemon=True).start()
    while (batch := ahead.get()) is not None:
        yield batch


def tensorflow(size, threads, weights):
    """Return a function from paths to features: Keras `predict` over a tf.data pipeline."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    model = vgg16_weights.keras_model(size, weights)

    def load(path):
        image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3, dct_method="INTEGER_ACCURATE")
        if size != 100:
            image = tf.image.resize(image, (size, size), method="bicubic")
        return tf.keras.applications.vgg16.preprocess_input(tf.cast(image, tf.float32))

    def extract(paths):
        photos = tf.data.Dataset.from_tensor_slices([str(path) for path in paths])
        photos = photos.map(load, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH).prefetch(tf.data.AUTOTUNE)
        return model.predict(photos, verbose=0)

    return extract


def onnxruntime(size, threads, weights):
    """Return a function from paths to features: an ONNX Runtime session on the CPU provider."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(vgg16_weights.onnx_model(weights), options, providers=["CPUExecutionProvider"])
    return lambda paths: np.concatenate(
        [session.run(None, {"pixels": batch})[0] for batch in batches(paths, size, "NCHW")]
    )


def pytorch(size, threads, weights):
    """Return a function from paths to features: eager PyTorch in channels-last memory format, its faster one."""
    import torch

    torch.set_num_threads(threads)
    model = vgg16_weights.torch_model(weights).to(memory_format=torch.channels_last)

    def extract(paths):
        with torch.inference_mode():
            return np.concatenate(
                [
                    model(torch.from_numpy(batch).to(memory_format=torch.channels_last)).numpy()
                    for batch in batches(paths, size, "NCHW")
                ]
            )

    return extract


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("framework", choices=["tensorflow", "onnxruntime", "pytorch"])
    parser.add_argument("photos", type=pathlib.Path)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, default=512)
    parser.add_argument("--features", type=pathlib.Path, help="write the features here (.npy)")
    args = parser.parse_args()

    paths = sorted(args.photos.rglob("*.jpg"))[: args.limit]
    extract = globals()[args.framework](args.size, args.threads, vgg16_weights.load())
    extract(paths[: 2 * BATCH])
    start = time.perf_counter()
    features = extract(paths)
    seconds = time.perf_counter() - start
    if args.features:
        np.save(args.features, features)
    print(
        json.dumps(
            {
                "images": len(paths),
                "seconds": seconds,
                "images_per_second": len(paths) / seconds,
                "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            }
        )
    )


if __name__ == "__main__":
    main()
