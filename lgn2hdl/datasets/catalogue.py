"""The public files: where they live, their lengths and checksums.

The checksums of the MNIST, Fashion-MNIST and UCI files were computed from files whose MD5 sums
agree with the published ones; those of the Dry Bean and CIFAR-10 archives are the ones that others
publish for them, and what is read of Dry Bean is checked again (:mod:`lgn2hdl.datasets.public`).
"""

from __future__ import annotations

from lgn2hdl.datasets.sources import PublicFile

_UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases/"
_IDX_NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def _idx_files(folder: str, home: str, known: tuple[tuple[str, int], ...]) -> list[PublicFile]:
    return [
        PublicFile(f"{folder}/{name}", home + name, sha256, size)
        for name, (sha256, size) in zip(_IDX_NAMES, known, strict=True)
    ]


def _uci_file(folder: str, name: str, sha256: str, size: int) -> PublicFile:
    return PublicFile(f"uci/raw/{name}", f"{_UCI}{folder}/{name}", sha256, size)


def _monk_files(number: int, train: tuple[str, int], test: tuple[str, int]) -> list[PublicFile]:
    return [
        _uci_file("monks-problems", f"monks-{number}.train", *train),
        _uci_file("monks-problems", f"monks-{number}.test", *test),
    ]


MNIST = _idx_files(
    "mnist",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    (
        ("440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 9_912_422),
        ("3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28_881),
        ("8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 1_648_877),
        ("f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4_542),
    ),
)

FASHION_MNIST = _idx_files(
    "fashion-mnist",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    (
        ("3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", 26_421_880),
        ("a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", 29_515),
        ("346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", 4_422_102),
        ("67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", 5_148),
    ),
)

MONK1 = _monk_files(
    1,
    ("d9c328b6f0e095ab10f7bc8468f1d2141f3d08be73e665c3bf0a62994c922606", 2_947),
    ("e501ada3b21d876ab86f3e1614747bd2edc443a685f229a25e480aa1dea629f6", 10_260),
)
MONK2 = _monk_files(
    2,
    ("7ebcc278005737caad0cd52e6aa31256a2c3174da8047faf4ac3a9d35edbdaa8", 4_013),
    ("945650affde377c27f6218c8b17893e339ea831f4bee9f9d7123020699cfbf40", 10_260),
)
MONK3 = _monk_files(
    3,
    ("726f258f80be06af4bb2d8831789514a663f5813e47429211fe19dcd367966f8", 2_886),
    ("1d816ae7347afaf895050667adc3f382904c6ed2332d0a2d09353f5e6cb54612", 10_260),
)

ADULT = [
    _uci_file(
        "adult",
        "adult.data",
        "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
        3_974_305,
    ),
    _uci_file(
        "adult",
        "adult.test",
        "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
        2_003_153,
    ),
]

BREAST_CANCER = _uci_file(
    "breast-cancer",
    "breast-cancer.data",
    "ca7d3fa97b62ff967b6894ffbb3acaaf4a51062e0149e5950b3ad6f685970b65",
    18_654,
)

DRY_BEAN = PublicFile(
    "uci/raw/dry+bean+dataset.zip",
    "https://archive.ics.uci.edu/static/public/602/dry+bean+dataset.zip",
    "0a64eff5be87f48c3dbbfc0a12a56c5d5b5167ef8e61cd45d69b3e7c7130c06f",
    4_738_776,
)
DRY_BEAN_MEMBER = "DryBeanDataset/Dry_Bean_Dataset.arff"
DRY_BEAN_ARRAYS = "tabular/drybean.npz"
"""Another form of Dry Bean that a data folder may hold: ``x_train``, ``y_train``, ... arrays."""

CIFAR10 = PublicFile(
    "cifar10/cifar-10-binary.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    170_052_171,
)
CIFAR10_JPEG = "cifar10_jpeg/cifar10_jpeg75.npz"
"""A lossy copy of CIFAR-10 that a data folder may hold; it has no public home."""
CIFAR10_JPEG_SHA256 = "0c18caf90d7988cfccc4920ef464ae5520667a14491eaa6f8c764c6948e0d564"
"""Digest of its arrays, so that it does not matter how they were compressed."""
