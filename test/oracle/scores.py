"""scores.json: scikit-learn's scores of predictions, ties and missing classes included, in float64."""

import warnings

import numpy as np
import sklearn
from sklearn import metrics

from common import number, rng, write

CLASSES = 5


def case(name, rows, classes=CLASSES):
    """Labels, logits on a coarse grid (so that there are ties), and what sklearn makes of them; the last class may be missing."""
    random = rng(name)
    labels = random.randint(0, classes, rows)
    logits = np.round(random.standard_normal((rows, CLASSES)) * 2 + 2 * np.eye(CLASSES)[labels]) / 2
    predicted = logits.argmax(1)
    every = list(range(CLASSES))

    def averaged(score):
        options = {"labels": every, "zero_division": 0}
        per_class = score(labels, predicted, average=None, **options)
        means = {a: number(score(labels, predicted, average=a, **options)) for a in ("macro", "micro", "weighted")}
        return {"perClass": [number(x) for x in per_class], **means}

    values = np.round(random.standard_normal(rows) * 64) / 64
    guesses = np.round((values + random.standard_normal(rows)) * 64) / 64
    zero = (labels == 0).astype(int)
    proba = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    entropy = metrics.log_loss(labels, proba, labels=every)
    return {
        "name": name,
        "labels": labels.tolist(),
        "logits": logits.flatten().tolist(),
        "predicted": predicted.tolist(),
        "confusion": metrics.confusion_matrix(labels, predicted, labels=every).tolist(),
        "accuracy": number(metrics.accuracy_score(labels, predicted)),
        "precision": averaged(metrics.precision_score),
        "recall": averaged(metrics.recall_score),
        "f1": averaged(metrics.f1_score),
        "rocAuc": number(metrics.roc_auc_score(zero, logits[:, 0])),
        "entropy": number(entropy),
        "perplexity": number(np.exp(entropy)),
        "values": values.tolist(),
        "guesses": guesses.tolist(),
        "r2": number(metrics.r2_score(values, guesses)),
        "mse": number(metrics.mean_squared_error(values, guesses)),
        "mae": number(metrics.mean_absolute_error(values, guesses)),
    }


def generate():
    warnings.simplefilter("ignore")
    cases = [case("sixty rows", 60), case("seven rows", 7), case("a class that no row has", 40, CLASSES - 1)]
    write("scores", {"source": f"sklearn {sklearn.__version__}, float64", "classes": CLASSES}, cases)
