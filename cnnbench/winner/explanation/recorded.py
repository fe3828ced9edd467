"""From a record whose arrays were kept to its network, and to how it prepared images."""

from __future__ import annotations

from pathlib import Path

from cnnbench.data.sources.cache import CachedImages, open_images
from cnnbench.errors import OptionsError, ResultsError, did_you_mean
from cnnbench.loading.plugins import Plugins
from cnnbench.network.weights import weight_shapes
from cnnbench.planning.arrays import arrays_of
from cnnbench.planning.study import read_images
from cnnbench.results.layout import RECORDS, WEIGHTS, weights_file
from cnnbench.results.read import RecordedStudy, read_results
from cnnbench.results.record import Plan, Record, Status
from cnnbench.results.weights import read_weights
from cnnbench.training.images import prepare_images
from cnnbench.trials.expand import expand
from cnnbench.trials.trial import Trial
from cnnbench.winner.again import on_its_base, recipe_again, refuse_other_inputs, white_of
from cnnbench.winner.choice import configuration_of
from cnnbench.winner.explanation.subject import Subject
from cnnbench.winner.preprocessing import preprocessing_of

SUFFIX = ".safetensors"
HOW = "`cnnbench run RECIPE --save-weights` keeps them"


def recorded_subject(
    path: Path,
    plugins: Plugins,
    *,
    variant: str | None = None,
    replicate: int | None = None,
    data: str | None = None,
) -> Subject:
    """The network of one record.

    path: the results of one recipe on one backend, or a file of arrays that stands there. variant,
    replicate: which record, replicates counted from 0; by default the first, in the recipe's order,
    whose arrays were kept. data: where the images are now, which their preparation was fitted on.
    Raises ResultsError, OptionsError, DataError and PretrainedError where there is no such record,
    or its arrays, images or settings are not those of today.
    """
    study, plan, record = _find(path, variant, replicate)
    weights = read_weights(study.folder, record.trial)
    trial, cached, white = _plan_again(study, plan, record, plugins, data)
    images = prepare_images(trial, cached)
    shapes = weight_shapes(trial.network)
    if {name: array.shape for name, array in weights.items()} != shapes:
        raise ResultsError(
            f"{weights_file(study.folder, record.trial)} does not hold the arrays of its network"
        )
    return Subject(
        f"{trial.place} of {plan.recipe}",
        trial.network,
        {name: weights[name] for name in shapes},
        images.chosen.classes,
        preprocessing_of(images, white),
        record.backend,
    )


def _plan_again(
    study: RecordedStudy, plan: Plan, record: Record, plugins: Plugins, data: str | None
) -> tuple[Trial, CachedImages, int | None]:
    """The trial as it was planned, its images, and what became 255 in them."""
    variants = {record.variant: configuration_of(record)}
    replicates = record.replicate + 1
    recipe = recipe_again(study, plan, variants, plugins, replicates=replicates, data=data)
    known, _ = read_images(recipe, plugins)
    name, request = recipe.variants[0].configuration.request()
    gpu = record.device not in {"", "cpu"}
    arrays = arrays_of(recipe, plugins)
    trials = expand(recipe, record.backend, "auto", known, arrays=arrays, gpu=gpu).trials
    place = (record.replicate, record.fold)
    trial = next((x for x in trials if (x.replicate, x.fold) == place and not x.member), None)
    cached = open_images(plugins.source(name), request)
    if trial is not None:
        trial = on_its_base(trial, study)
        refuse_other_inputs(record, trial, cached)
    if trial is None or trial.id != record.trial:
        raise ResultsError(
            f"trial {record.trial} can't be planned again as it was: it is part of an ensemble or "
            "of tuning, or of settings from before; `cnnbench pick` keeps a network with all that "
            "belongs to it"
        )
    return trial, cached, white_of(known[name, request])


def _find(
    path: Path, variant: str | None, replicate: int | None
) -> tuple[RecordedStudy, Plan, Record]:
    study, plan = _study_of(path)
    wanted = path.stem if path.suffix == SUFFIX else None
    order = {name: at for at, name in enumerate(plan.variants)}
    if variant is not None and variant not in order:
        raise OptionsError(
            f"there is no variant {variant!r} in {study.place}{did_you_mean(variant, order)}"
        )
    records = [
        record
        for record in study.records
        if record.status is Status.OK
        and variant in {None, record.variant}
        and replicate in {None, record.replicate}
        and wanted in {None, record.trial}
    ]
    if not records:
        raise ResultsError(f"{study.place} has no record that ended well of what is asked for")
    wholes = [record for record in records if not record.member]
    singles = [record for record in records if record.ensemble is None]
    if wholes and all(record.ensemble for record in wholes):
        name = wholes[0].variant
        raise OptionsError(
            f"{name} in {study.place} is an ensemble, and one network can be explained: `cnnbench "
            f"pick --variant {name}` saves all of them, each in a folder that explain takes"
        )
    kept = [x for x in singles if weights_file(study.folder, x.trial).is_file()]
    if not kept:
        raise ResultsError(f"no arrays are kept of the records in {study.place}: {HOW}")
    return study, plan, min(kept, key=lambda x: (order.get(x.variant, len(order)), x.replicate))


def _study_of(path: Path) -> tuple[RecordedStudy, Plan]:
    found = path
    if path.suffix == SUFFIX:
        if path.parent.name != WEIGHTS:
            raise ResultsError(
                f"{path} does not stand beside its record: name the file where cnnbench run "
                "--save-weights wrote it, results/RECIPE/BACKEND/weights/"
            )
        found = path.parent.parent / RECORDS
    studies = read_results([found]).studies
    if len(studies) > 1:
        places = ", ".join(str(study.place) for study in studies)
        raise OptionsError(f"{path} holds {len(studies)} studies: name one of {places}")
    plan = studies[0].plan
    if plan is None or plan.seed is None:
        raise ResultsError(
            f"{studies[0].place} has no plan.json with the recipe's seed: run the recipe again, "
            "which trains nothing that is recorded and writes it"
        )
    return studies[0], plan
