/// Which tags a target can install, in their order, by `packaging.tags.cpython_tags` (for PyPy `generic_tags`) and
/// `compatible_tags`; the platforms by `mac_platforms`, and on Linux by what `platform_tags` gives when told the C library's
/// version. Made with packaging 26.3 from PyPI. Its lists are products, which are written as their factors here.
struct TagTable {
    let python: String
    let platform: String
    let implementation: String
    /// Every one with each of ``platforms``, in this order; these tags come first.
    let interpreters: String
    let platforms: String
    /// Interpreters of `…-none-any`, which come last.
    let pure: String

    static let all: [TagTable] = [
        TagTable(
            python: "3.11", platform: "manylinux_2_28_x86_64", implementation: "cp",
            interpreters: "cp311-cp311 cp311-abi3 cp311-none cp310-abi3 cp39-abi3 cp38-abi3 cp37-abi3 cp36-abi3 "
                + "cp35-abi3 cp34-abi3 cp33-abi3 cp32-abi3 py311-none py3-none py310-none py39-none py38-none "
                + "py37-none py36-none py35-none py34-none py33-none py32-none py31-none py30-none",
            platforms: "linux_x86_64 manylinux_2_28_x86_64 manylinux_2_27_x86_64 manylinux_2_26_x86_64 "
                + "manylinux_2_25_x86_64 manylinux_2_24_x86_64 manylinux_2_23_x86_64 manylinux_2_22_x86_64 "
                + "manylinux_2_21_x86_64 manylinux_2_20_x86_64 manylinux_2_19_x86_64 manylinux_2_18_x86_64 "
                + "manylinux_2_17_x86_64 manylinux2014_x86_64 manylinux_2_16_x86_64 manylinux_2_15_x86_64 "
                + "manylinux_2_14_x86_64 manylinux_2_13_x86_64 manylinux_2_12_x86_64 manylinux2010_x86_64 "
                + "manylinux_2_11_x86_64 manylinux_2_10_x86_64 manylinux_2_9_x86_64 manylinux_2_8_x86_64 "
                + "manylinux_2_7_x86_64 manylinux_2_6_x86_64 manylinux_2_5_x86_64 manylinux1_x86_64",
            pure: "cp311 py311 py3 py310 py39 py38 py37 py36 py35 py34 py33 py32 py31 py30"),
        TagTable(
            python: "3.13.1", platform: "manylinux_2_39_aarch64", implementation: "cp",
            interpreters: "cp313-cp313 cp313-abi3 cp313-none cp312-abi3 cp311-abi3 cp310-abi3 cp39-abi3 cp38-abi3 "
                + "cp37-abi3 cp36-abi3 cp35-abi3 cp34-abi3 cp33-abi3 cp32-abi3 py313-none py3-none py312-none "
                + "py311-none py310-none py39-none py38-none py37-none py36-none py35-none py34-none py33-none "
                + "py32-none py31-none py30-none",
            platforms: "linux_aarch64 manylinux_2_39_aarch64 manylinux_2_38_aarch64 manylinux_2_37_aarch64 "
                + "manylinux_2_36_aarch64 manylinux_2_35_aarch64 manylinux_2_34_aarch64 manylinux_2_33_aarch64 "
                + "manylinux_2_32_aarch64 manylinux_2_31_aarch64 manylinux_2_30_aarch64 manylinux_2_29_aarch64 "
                + "manylinux_2_28_aarch64 manylinux_2_27_aarch64 manylinux_2_26_aarch64 manylinux_2_25_aarch64 "
                + "manylinux_2_24_aarch64 manylinux_2_23_aarch64 manylinux_2_22_aarch64 manylinux_2_21_aarch64 "
                + "manylinux_2_20_aarch64 manylinux_2_19_aarch64 manylinux_2_18_aarch64 manylinux_2_17_aarch64 "
                + "manylinux2014_aarch64",
            pure: "cp313 py313 py3 py312 py311 py310 py39 py38 py37 py36 py35 py34 py33 py32 py31 py30"),
        TagTable(
            python: "3.8", platform: "manylinux2014_x86_64", implementation: "cp",
            interpreters: "cp38-cp38 cp38-abi3 cp38-none cp37-abi3 cp36-abi3 cp35-abi3 cp34-abi3 cp33-abi3 cp32-abi3 "
                + "py38-none py3-none py37-none py36-none py35-none py34-none py33-none py32-none py31-none "
                + "py30-none",
            platforms: "linux_x86_64 manylinux_2_17_x86_64 manylinux2014_x86_64 manylinux_2_16_x86_64 "
                + "manylinux_2_15_x86_64 manylinux_2_14_x86_64 manylinux_2_13_x86_64 manylinux_2_12_x86_64 "
                + "manylinux2010_x86_64 manylinux_2_11_x86_64 manylinux_2_10_x86_64 manylinux_2_9_x86_64 "
                + "manylinux_2_8_x86_64 manylinux_2_7_x86_64 manylinux_2_6_x86_64 manylinux_2_5_x86_64 "
                + "manylinux1_x86_64",
            pure: "cp38 py38 py3 py37 py36 py35 py34 py33 py32 py31 py30"),
        TagTable(
            python: "3.7", platform: "manylinux2010_i686", implementation: "cp",
            interpreters: "cp37-cp37m cp37-abi3 cp37-none cp36-abi3 cp35-abi3 cp34-abi3 cp33-abi3 cp32-abi3 py37-none "
                + "py3-none py36-none py35-none py34-none py33-none py32-none py31-none py30-none",
            platforms: "linux_i686 manylinux_2_12_i686 manylinux2010_i686 manylinux_2_11_i686 manylinux_2_10_i686 "
                + "manylinux_2_9_i686 manylinux_2_8_i686 manylinux_2_7_i686 manylinux_2_6_i686 "
                + "manylinux_2_5_i686 manylinux1_i686",
            pure: "cp37 py37 py3 py36 py35 py34 py33 py32 py31 py30"),
        TagTable(
            python: "3.10", platform: "manylinux_2_31_s390x", implementation: "cp",
            interpreters: "cp310-cp310 cp310-abi3 cp310-none cp39-abi3 cp38-abi3 cp37-abi3 cp36-abi3 cp35-abi3 "
                + "cp34-abi3 cp33-abi3 cp32-abi3 py310-none py3-none py39-none py38-none py37-none py36-none "
                + "py35-none py34-none py33-none py32-none py31-none py30-none",
            platforms: "linux_s390x manylinux_2_31_s390x manylinux_2_30_s390x manylinux_2_29_s390x "
                + "manylinux_2_28_s390x manylinux_2_27_s390x manylinux_2_26_s390x manylinux_2_25_s390x "
                + "manylinux_2_24_s390x manylinux_2_23_s390x manylinux_2_22_s390x manylinux_2_21_s390x "
                + "manylinux_2_20_s390x manylinux_2_19_s390x manylinux_2_18_s390x manylinux_2_17_s390x "
                + "manylinux2014_s390x",
            pure: "cp310 py310 py3 py39 py38 py37 py36 py35 py34 py33 py32 py31 py30"),
        TagTable(
            python: "3.12", platform: "musllinux_1_2_x86_64", implementation: "cp",
            interpreters: "cp312-cp312 cp312-abi3 cp312-none cp311-abi3 cp310-abi3 cp39-abi3 cp38-abi3 cp37-abi3 "
                + "cp36-abi3 cp35-abi3 cp34-abi3 cp33-abi3 cp32-abi3 py312-none py3-none py311-none py310-none "
                + "py39-none py38-none py37-none py36-none py35-none py34-none py33-none py32-none py31-none "
                + "py30-none",
            platforms: "linux_x86_64 musllinux_1_2_x86_64 musllinux_1_1_x86_64 musllinux_1_0_x86_64",
            pure: "cp312 py312 py3 py311 py310 py39 py38 py37 py36 py35 py34 py33 py32 py31 py30"),
        TagTable(
            python: "3.12", platform: "macosx_14_5_arm64", implementation: "cp",
            interpreters: "cp312-cp312 cp312-abi3 cp312-none cp311-abi3 cp310-abi3 cp39-abi3 cp38-abi3 cp37-abi3 "
                + "cp36-abi3 cp35-abi3 cp34-abi3 cp33-abi3 cp32-abi3 py312-none py3-none py311-none py310-none "
                + "py39-none py38-none py37-none py36-none py35-none py34-none py33-none py32-none py31-none "
                + "py30-none",
            platforms: "macosx_14_0_arm64 macosx_14_0_universal2 macosx_13_0_arm64 macosx_13_0_universal2 "
                + "macosx_12_0_arm64 macosx_12_0_universal2 macosx_11_0_arm64 macosx_11_0_universal2 "
                + "macosx_10_16_universal2 macosx_10_15_universal2 macosx_10_14_universal2 "
                + "macosx_10_13_universal2 macosx_10_12_universal2 macosx_10_11_universal2 "
                + "macosx_10_10_universal2 macosx_10_9_universal2 macosx_10_8_universal2 macosx_10_7_universal2 "
                + "macosx_10_6_universal2 macosx_10_5_universal2 macosx_10_4_universal2",
            pure: "cp312 py312 py3 py311 py310 py39 py38 py37 py36 py35 py34 py33 py32 py31 py30"),
        TagTable(
            python: "3.9", platform: "macosx_12_0_x86_64", implementation: "cp",
            interpreters: "cp39-cp39 cp39-abi3 cp39-none cp38-abi3 cp37-abi3 cp36-abi3 cp35-abi3 cp34-abi3 cp33-abi3 "
                + "cp32-abi3 py39-none py3-none py38-none py37-none py36-none py35-none py34-none py33-none "
                + "py32-none py31-none py30-none",
            platforms: "macosx_12_0_x86_64 macosx_12_0_intel macosx_12_0_fat64 macosx_12_0_fat3 "
                + "macosx_12_0_universal2 macosx_12_0_universal macosx_11_0_x86_64 macosx_11_0_intel "
                + "macosx_11_0_fat64 macosx_11_0_fat3 macosx_11_0_universal2 macosx_11_0_universal "
                + "macosx_10_16_x86_64 macosx_10_16_intel macosx_10_16_fat64 macosx_10_16_fat3 "
                + "macosx_10_16_universal2 macosx_10_16_universal macosx_10_15_x86_64 macosx_10_15_intel "
                + "macosx_10_15_fat64 macosx_10_15_fat3 macosx_10_15_universal2 macosx_10_15_universal "
                + "macosx_10_14_x86_64 macosx_10_14_intel macosx_10_14_fat64 macosx_10_14_fat3 "
                + "macosx_10_14_universal2 macosx_10_14_universal macosx_10_13_x86_64 macosx_10_13_intel "
                + "macosx_10_13_fat64 macosx_10_13_fat3 macosx_10_13_universal2 macosx_10_13_universal "
                + "macosx_10_12_x86_64 macosx_10_12_intel macosx_10_12_fat64 macosx_10_12_fat3 "
                + "macosx_10_12_universal2 macosx_10_12_universal macosx_10_11_x86_64 macosx_10_11_intel "
                + "macosx_10_11_fat64 macosx_10_11_fat3 macosx_10_11_universal2 macosx_10_11_universal "
                + "macosx_10_10_x86_64 macosx_10_10_intel macosx_10_10_fat64 macosx_10_10_fat3 "
                + "macosx_10_10_universal2 macosx_10_10_universal macosx_10_9_x86_64 macosx_10_9_intel "
                + "macosx_10_9_fat64 macosx_10_9_fat3 macosx_10_9_universal2 macosx_10_9_universal "
                + "macosx_10_8_x86_64 macosx_10_8_intel macosx_10_8_fat64 macosx_10_8_fat3 "
                + "macosx_10_8_universal2 macosx_10_8_universal macosx_10_7_x86_64 macosx_10_7_intel "
                + "macosx_10_7_fat64 macosx_10_7_fat3 macosx_10_7_universal2 macosx_10_7_universal "
                + "macosx_10_6_x86_64 macosx_10_6_intel macosx_10_6_fat64 macosx_10_6_fat3 "
                + "macosx_10_6_universal2 macosx_10_6_universal macosx_10_5_x86_64 macosx_10_5_intel "
                + "macosx_10_5_fat64 macosx_10_5_fat3 macosx_10_5_universal2 macosx_10_5_universal "
                + "macosx_10_4_x86_64 macosx_10_4_intel macosx_10_4_fat64 macosx_10_4_fat3 "
                + "macosx_10_4_universal2 macosx_10_4_universal",
            pure: "cp39 py39 py3 py38 py37 py36 py35 py34 py33 py32 py31 py30"),
        TagTable(
            python: "3.6", platform: "macosx_10_9_x86_64", implementation: "cp",
            interpreters: "cp36-cp36m cp36-abi3 cp36-none cp35-abi3 cp34-abi3 cp33-abi3 cp32-abi3 py36-none py3-none "
                + "py35-none py34-none py33-none py32-none py31-none py30-none",
            platforms: "macosx_10_9_x86_64 macosx_10_9_intel macosx_10_9_fat64 macosx_10_9_fat3 "
                + "macosx_10_9_universal2 macosx_10_9_universal macosx_10_8_x86_64 macosx_10_8_intel "
                + "macosx_10_8_fat64 macosx_10_8_fat3 macosx_10_8_universal2 macosx_10_8_universal "
                + "macosx_10_7_x86_64 macosx_10_7_intel macosx_10_7_fat64 macosx_10_7_fat3 "
                + "macosx_10_7_universal2 macosx_10_7_universal macosx_10_6_x86_64 macosx_10_6_intel "
                + "macosx_10_6_fat64 macosx_10_6_fat3 macosx_10_6_universal2 macosx_10_6_universal "
                + "macosx_10_5_x86_64 macosx_10_5_intel macosx_10_5_fat64 macosx_10_5_fat3 "
                + "macosx_10_5_universal2 macosx_10_5_universal macosx_10_4_x86_64 macosx_10_4_intel "
                + "macosx_10_4_fat64 macosx_10_4_fat3 macosx_10_4_universal2 macosx_10_4_universal",
            pure: "cp36 py36 py3 py35 py34 py33 py32 py31 py30"),
        TagTable(
            python: "3.11", platform: "win_amd64", implementation: "cp",
            interpreters: "cp311-cp311 cp311-abi3 cp311-none cp310-abi3 cp39-abi3 cp38-abi3 cp37-abi3 cp36-abi3 "
                + "cp35-abi3 cp34-abi3 cp33-abi3 cp32-abi3 py311-none py3-none py310-none py39-none py38-none "
                + "py37-none py36-none py35-none py34-none py33-none py32-none py31-none py30-none",
            platforms: "win_amd64",
            pure: "cp311 py311 py3 py310 py39 py38 py37 py36 py35 py34 py33 py32 py31 py30"),
        TagTable(
            python: "3.11", platform: "win32", implementation: "cp",
            interpreters: "cp311-cp311 cp311-abi3 cp311-none cp310-abi3 cp39-abi3 cp38-abi3 cp37-abi3 cp36-abi3 "
                + "cp35-abi3 cp34-abi3 cp33-abi3 cp32-abi3 py311-none py3-none py310-none py39-none py38-none "
                + "py37-none py36-none py35-none py34-none py33-none py32-none py31-none py30-none",
            platforms: "win32",
            pure: "cp311 py311 py3 py310 py39 py38 py37 py36 py35 py34 py33 py32 py31 py30"),
        TagTable(
            python: "3.11", platform: "win_arm64", implementation: "cp",
            interpreters: "cp311-cp311 cp311-abi3 cp311-none cp310-abi3 cp39-abi3 cp38-abi3 cp37-abi3 cp36-abi3 "
                + "cp35-abi3 cp34-abi3 cp33-abi3 cp32-abi3 py311-none py3-none py310-none py39-none py38-none "
                + "py37-none py36-none py35-none py34-none py33-none py32-none py31-none py30-none",
            platforms: "win_arm64",
            pure: "cp311 py311 py3 py310 py39 py38 py37 py36 py35 py34 py33 py32 py31 py30"),
        TagTable(
            python: "3.10", platform: "manylinux_2_17_x86_64", implementation: "pp",
            interpreters: "pp310-pypy310_pp73 pp310-none py310-none py3-none py39-none py38-none py37-none py36-none "
                + "py35-none py34-none py33-none py32-none py31-none py30-none",
            platforms: "linux_x86_64 manylinux_2_17_x86_64 manylinux2014_x86_64 manylinux_2_16_x86_64 "
                + "manylinux_2_15_x86_64 manylinux_2_14_x86_64 manylinux_2_13_x86_64 manylinux_2_12_x86_64 "
                + "manylinux2010_x86_64 manylinux_2_11_x86_64 manylinux_2_10_x86_64 manylinux_2_9_x86_64 "
                + "manylinux_2_8_x86_64 manylinux_2_7_x86_64 manylinux_2_6_x86_64 manylinux_2_5_x86_64 "
                + "manylinux1_x86_64",
            pure: "pp3 py310 py3 py39 py38 py37 py36 py35 py34 py33 py32 py31 py30"),
    ]
}
