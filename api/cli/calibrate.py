"""`selene models calibrate`: what scores of the pack in use are worth on photos at hand."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cannot_start import CannotStart
from api.cli.roc_plot import roc_svg
from api.settings import Settings
from domain.shared.image_refusals import BadModelPack, ModelPackNotFound, NoModelForRole
from ray_cluster.calibrating import Calibrated, CannotCalibrate, calibrate

REFUSED = 2


def calibrate_command(
    directory: Annotated[
        Path, typer.Argument(help="A folder per person, with photos of one face each.")
    ],
    pack: Annotated[str, typer.Option(help="Another pack than the one in use.")] = "",
    plot: Annotated[
        Path | None, typer.Option(help="Where the ROC curve is drawn, as an SVG file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fit score to similarity for the face descriptor; report ROC, EER and TPR at low FPR."""
    try:
        if not directory.is_dir():
            raise CannotCalibrate(f"{directory} is no directory")
        settings = Settings.load()
        found = calibrate(pack or settings.pack, settings.data_dir / "packs", directory, _progress)
        curve = found.fit.curve
        if plot is not None:
            title = f"{found.pack}: {found.model}, {found.photos} photos of {found.people} people"
            least = 1 / found.fit.impostors
            plot.write_text(roc_svg(title, curve.fpr.tolist(), curve.tpr.tolist(), least))
    except (
        CannotStart,
        CannotCalibrate,
        BadModelPack,
        ModelPackNotFound,
        NoModelForRole,
        OSError,
    ) as reason:
        print(f"selene: {reason}", file=sys.stderr)
        raise typer.Exit(REFUSED) from None
    if as_json:
        print(json.dumps(_document(found)))
    else:
        _print(found)


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done}/{of} photos", end="" if done < of else "\n", file=sys.stderr)


def _document(found: Calibrated) -> dict[str, Any]:
    fit = found.fit
    return {
        "pack": found.pack,
        "model": found.model,
        "people": found.people,
        "photos": found.photos,
        "left_out": [{"photo": photo, "reason": reason} for photo, reason in found.left_out],
        "genuine_pairs": fit.genuine,
        "impostor_pairs": fit.impostors,
        "auc": round(fit.curve.area, 6),
        "eer": round(fit.curve.equal_error, 6),
        "tpr_at_fpr": [
            {"fpr": rate, "tpr": true, "score": score} for rate, true, score in fit.reported()
        ],
        "calibration": {
            "metric": fit.calibration.metric,
            "slope": fit.calibration.slope,
            "intercept": fit.calibration.intercept,
        },
    }


def _print(found: Calibrated) -> None:
    fit = found.fit
    print(f"{found.pack}: {found.model}, {found.photos} photos of {found.people} people")
    for photo, reason in found.left_out:
        print(f"  left out: {photo}: {reason}")
    print(f"{fit.genuine} pairs of one person, {fit.impostors} of two")
    print(f"AUC {fit.curve.area:.6f}   EER {fit.curve.equal_error:.4f}")
    print(f"{'FPR':>8} {'TPR':>8} {'score':>8} {'similarity':>11}")
    for rate, true, score in fit.reported():
        if true is None or score is None:
            print(f"{rate:8.0e}  needs {round(1 / rate)} pairs of two people")
        else:
            print(f"{rate:8.0e} {true:8.4f} {score:8.4f} {fit.calibration.similarity(score):11.4f}")
    seen = ", ".join(f"{level:.1e}" for level in fit.levels)
    print(f"\nfitted to the scores at FPR {seen}; lower rates are continued on the line.")
    print("\n[roles.face_descriptor.calibration]")
    print(f'metric = "{fit.calibration.metric}"')
    print(f"slope = {fit.calibration.slope}\nintercept = {fit.calibration.intercept}")
