"""Makes applicants.csv: 640 invented applicants of one job, for the worked example. Nobody in it exists.

    python make_applicants.py > applicants.csv

The rates of the groups, and the few who gave no sex or race, were chosen so that the tables show every case: ratios above and
below four fifths, and a category that is too small to be compared.
"""

import csv
import random
import sys

RACES = [("White", 0.44), ("Black or African American", 0.2), ("Hispanic or Latino", 0.19), ("Asian", 0.16), ("Native Hawaiian or Pacific Islander", 0.01)]
LIFT = {"Female": -0.05, "Male": 0.03, "": 0.0, "White": 0.04, "Black or African American": -0.06, "Hispanic or Latino": -0.02, "Asian": 0.03}

draw = random.Random(144)
out = csv.writer(sys.stdout, lineterminator="\n")
out.writerow(["id", "sex", "race_ethnicity", "score", "hired"])
for number in range(1, 641):
    sex = draw.choices(["Female", "Male", ""], [0.46, 0.51, 0.03])[0]
    race = draw.choices([name for name, _ in RACES] + [""], [share for _, share in RACES] + [0.04])[0]
    score = min(max(draw.gauss(0.5, 0.18) + LIFT[sex] + LIFT.get(race, 0.0), 0.0), 1.0)
    out.writerow([number, sex, race, f"{score:.3f}", int(score >= 0.6)])
