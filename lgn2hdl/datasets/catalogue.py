"""The public data sets: where their files live, their lengths and checksums, and what reads them.

A set is one entry of :data:`SETS`. The checksums of the MNIST, Fashion-MNIST, CIFAR-10 and UCI
files were computed from files whose MD5 or SHA-1 sums agree with the published ones, those of the
R package from Debian's copy of it; that of the Dry Bean archive is the one that others publish for
it. The rows of a :class:`RowSet` are checked again, whatever they are read from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from string import ascii_uppercase

from lgn2hdl.datasets import cifar, readers
from lgn2hdl.datasets.members import Known, PublicMembers
from lgn2hdl.datasets.row_sets import RowSet, Rule, a_fifth_of_each_class, after, marked, read_rows
from lgn2hdl.datasets.sources import Places, PublicFile
from lgn2hdl.datasets.types import Table

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

FASHION_NAMES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
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

DRY_BEAN_FILE = PublicFile(
    "uci/raw/dry+bean+dataset.zip",
    "https://archive.ics.uci.edu/static/public/602/dry+bean+dataset.zip",
    "0a64eff5be87f48c3dbbfc0a12a56c5d5b5167ef8e61cd45d69b3e7c7130c06f",
    4_738_776,
)
DRY_BEAN_MEMBER = "DryBeanDataset/Dry_Bean_Dataset.arff"
BEAN_NAMES = ("BARBUNYA", "BOMBAY", "CALI", "DERMASON", "HOROZ", "SEKER", "SIRA")

DRY_BEAN = RowSet(
    "tabular/drybean.npz",
    partial(readers.dry_bean, DRY_BEAN_FILE, DRY_BEAN_MEMBER, BEAN_NAMES),
    "8075e02836d18f183312bbc0469a2bb3535533de3b28ae47f09ce64ed983a534",
    marked("drybean_test_rows.bin"),
    column_names=(
        "Area", "Perimeter", "MajorAxisLength", "MinorAxisLength", "AspectRation", "Eccentricity",
        "ConvexArea", "EquivDiameter", "Extent", "Solidity", "roundness", "Compactness",
        "ShapeFactor1", "ShapeFactor2", "ShapeFactor3", "ShapeFactor4",
    ),
    class_names=BEAN_NAMES,
)  # fmt: skip

MLBENCH = PublicMembers(
    "mlbench/mlbench_2.1-3.tar.gz",
    "https://cran.r-project.org/src/contrib/Archive/mlbench/mlbench_2.1-3.tar.gz",
    922_103,
    {
        f"{name}.rda": Known(sha256, size)
        for name, sha256, size in (
            (
                "LetterRecognition",
                "967a1a3e10b548d7269cbe50182bcecd6365cc58ea07638bbc34c51f17f34f1d",
                162_580,
            ),
            (
                "Satellite",
                "29f8cf9bb1bc51b769d694c9caf740fd1c36ed6a7c87603edf5985962e330f64",
                109_096,
            ),
            (
                "Shuttle",
                "5b1db218b76a47c83f575f1ff38d7a7d36e569b0e27d8bf4aa92eae6c0bcb826",
                371_492,
            ),
            ("DNA", "df941ad89a49f705a29bf38e52c91dc34029539cedb13fa24f803f1224278c9e", 81_208),
            ("Vehicle", "ea993a1fe72b2611a609101aa6ebee43b6a9dd07c329c9acd1a184ba971a2710", 15_220),
        )
    },
    names=("mlbench/data", "mlbench"),
)
"""The R package mlbench (F. Leisch, E. Dimitriadou) has sets of UCI and StatLog as data frames."""


def _r_set(
    name: str,
    frame: str,
    label: str,
    sha256: str,
    test_rows: Rule,
    column_names: tuple[str, ...],
    class_names: tuple[str, ...],
    ordered: bool = True,
) -> RowSet:
    """A set that mlbench has as a data frame, and a data folder perhaps as arrays."""
    read = partial(readers.r_frame, MLBENCH, frame, label, class_names)
    return RowSet(
        f"tabular/{name}.npz", read, sha256, test_rows, column_names, class_names, ordered=ordered
    )


LETTER = _r_set(
    "letter",
    "LetterRecognition.rda",
    "lettr",
    "c2ad190ac8b909432eb225b0201ad0df3e5587ce15ede0f25cf42f9fd6dbe05a",
    after(16_000),
    (
        "x.box", "y.box", "width", "high", "onpix", "x.bar", "y.bar", "x2bar", "y2bar", "xybar",
        "x2ybr", "xy2br", "x.ege", "xegvy", "y.ege", "yegvx",
    ),
    tuple(ascii_uppercase),
)  # fmt: skip

SOILS = (
    "red soil", "cotton crop", "grey soil", "damp grey soil", "vegetation stubble",
    "very damp grey soil",
)  # fmt: skip
SATIMAGE = _r_set(
    "satimage",
    "Satellite.rda",
    "classes",
    "a049fae9f3f3e8cba0bd0f60a059ca29ced9bb3fc039aad1fd9b1cba414197e9",
    after(4_435),
    tuple(f"x.{number}" for number in range(1, 37)),
    SOILS,
)

RADIATOR_STATES = (
    "Rad.Flow", "Fpv.Close", "Fpv.Open", "High", "Bypass", "Bpv.Close", "Bpv.Open",
)  # fmt: skip
SHUTTLE = _r_set(
    "shuttle",
    "Shuttle.rda",
    "Class",
    "95ff05a242cc28f3787f36424cba85b10e15033f1e46933cc3c729fbe384c387",
    after(43_500),
    tuple(f"V{number}" for number in range(1, 10)),
    RADIATOR_STATES,
)

JUNCTIONS = ("ei", "ie", "n")
DNA = _r_set(
    "dna",
    "DNA.rda",
    "Class",
    "da48dbeba0c596bb8399a20e4dcd5f2c51617607b0e0a6b437bb7dde687458e6",
    after(2_000),
    tuple(f"V{number}" for number in range(1, 181)),
    JUNCTIONS,
)

VEHICLES = ("bus", "opel", "saab", "van")
VEHICLE = _r_set(
    "vehicle",
    "Vehicle.rda",
    "Class",
    "a4c869d85b70eb34631538bd4a5cda3ad53ee42ba8a99e1b26f1aac6c90e562f",
    a_fifth_of_each_class,
    (
        "Comp", "Circ", "D.Circ", "Rad.Ra", "Pr.Axis.Ra", "Max.L.Ra", "Scat.Ra", "Elong",
        "Pr.Axis.Rect", "Max.L.Rect", "Sc.Var.Maxis", "Sc.Var.maxis", "Ra.Gyr", "Skew.Maxis",
        "Skew.maxis", "Kurt.maxis", "Kurt.Maxis", "Holl.Ra",
    ),
    VEHICLES,
    ordered=False,
)  # fmt: skip

UNSW_FILE = PublicMembers(
    "unsw_nb15/UNSW_NB15_training-set.zip",
    "https://raw.githubusercontent.com/vincentlemaire-labs/CAID2025/"
    "62ff595cf17d9bd51b14895f03d3aca7250f66c9/UNSW_NB15_training-set.zip",
    1 << 23,
    {
        "UNSW_NB15_training-set.csv": Known(
            "734fe6642edf758f7c94d7d9149426b49d202fe8e7bf0bef47392489c3c0a559", 15_380_800
        )
    },
    names=("unsw_nb15", "UNSW_NB15_training-set"),
)
UNSW_COLUMNS = (
    "dur", "proto", "service", "state", "spkts", "dpkts", "sbytes", "dbytes", "rate", "sttl",
    "dttl", "sload", "dload", "sloss", "dloss", "sinpkt", "dinpkt", "sjit", "djit", "swin",
    "stcpb", "dtcpb", "dwin", "tcprtt", "synack", "ackdat", "smean", "dmean", "trans_depth",
    "response_body_len", "ct_srv_src", "ct_state_ttl", "ct_dst_ltm", "ct_src_dport_ltm",
    "ct_dst_sport_ltm", "ct_dst_src_ltm", "is_ftp_login", "ct_ftp_cmd", "ct_flw_http_mthd",
    "ct_src_ltm", "ct_srv_dst", "is_sm_ips_ports",
)  # fmt: skip
UNSW_CODED = frozenset({"proto", "service", "state"})
UNSW_NB15_82K = RowSet(
    "unsw_nb15/unsw_nb15_82k.npz",
    partial(readers.csv_rows, UNSW_FILE, UNSW_COLUMNS, UNSW_CODED, "label"),
    "3f898400943c61355194f32ecfc8353fc6158d2e9a0d25f85baa1b582cc70b75",
    marked("unsw_nb15_82k_test_rows.bin"),
    column_names=UNSW_COLUMNS,
    class_names=("normal", "attack"),
    notes=(
        "our own split of the smaller of the two files of UNSW-NB15: results do not compare with "
        "those on the official split",
    ),
)

CIFAR10 = PublicMembers(
    "cifar10/cifar-10-binary.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    170_052_171,
    {
        name: Known(sha256, 30_730_000)
        for name, sha256 in zip(
            (*cifar.MEMBERS["train"], *cifar.MEMBERS["test"]),
            (
                "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
                "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
                "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
                "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
                "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
                "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
            ),
            strict=True,
        )
    },
    names=("cifar-10-batches-bin", "cifar-10-binary"),
)
CIFAR10_JPEG = "cifar10_jpeg/cifar10_jpeg75.npz"
"""A lossy copy of CIFAR-10 that a data folder may hold; it has no public home."""
CIFAR10_JPEG_SHA256 = "0c18caf90d7988cfccc4920ef464ae5520667a14491eaa6f8c764c6948e0d564"

SETS: Mapping[str, Callable[[Places], Table]] = {
    "digits": readers.digits,
    "monk1": partial(readers.monk, MONK1),
    "monk2": partial(readers.monk, MONK2),
    "monk3": partial(readers.monk, MONK3),
    "adult": partial(readers.adult, ADULT),
    "breast-cancer": partial(readers.breast_cancer, BREAST_CANCER),
    "drybean": partial(read_rows, DRY_BEAN),
    "letter": partial(read_rows, LETTER),
    "satimage": partial(read_rows, SATIMAGE),
    "shuttle": partial(read_rows, SHUTTLE),
    "dna": partial(read_rows, DNA),
    "vehicle": partial(read_rows, VEHICLE),
    "unsw-nb15-82k": partial(read_rows, UNSW_NB15_82K),
    "speech-digits": readers.speech_digits,
    "mnist": partial(readers.idx_images, MNIST, readers.DIGIT_NAMES),
    "fashion-mnist": partial(readers.idx_images, FASHION_MNIST, FASHION_NAMES),
    "cifar10": partial(readers.cifar10, CIFAR10),
    "cifar10-jpeg75": partial(readers.cifar10_jpeg, CIFAR10_JPEG, CIFAR10_JPEG_SHA256),
}
"""What finds, or downloads, and reads each public data set, by its name."""
